package locking_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// long reports whether somebody waits for figures.
func long() bool { return os.Getenv("LOCKING_LONG") != "" }

// When the members freeze under their holders, every lock's context ends before the server could have let
// anybody else in, and the next holder comes later than that.
func TestLossIsNoticedInTime(t *testing.T) {
	rounds, holders := 1, 10
	if long() {
		rounds = 10
	}
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version)))
			client := live.Client(t, cluster.Endpoints()...)
			inTime, least := 0, time.Hour
			for range rounds {
				for _, early := range freezeUnder(t, cluster, client, holders) {
					if early >= 0 {
						inTime++
					}
					least = min(least, early)
				}
			}
			t.Logf("%d of %d contexts ended in time, the closest %v before the deadline", inTime, rounds*holders, least)
			if inTime != rounds*holders {
				t.Error("some were late")
			}
		})
	}
}

// freezeUnder returns by how much the locks' contexts ended before their deadlines.
func freezeUnder(t *testing.T, cluster *etcdtest.Cluster, client *etcd.Client, n int) []time.Duration {
	t.Helper()
	var locks []*locking.Lock
	var next []*attempt
	for i := range n {
		mutex := locking.NewMutex(client, "/frozen/"+string(rune('a'+i)), locking.WithTTL(5*time.Second))
		locks = append(locks, begin(t, mutex).held(t))
		next = append(next, begin(t, mutex))
		inLine(t, mutex, 2)
	}
	for _, member := range cluster.Members() {
		check(t, member.Freeze())
	}
	early, ended := make([]time.Duration, n), make([]time.Time, n)
	var watching sync.WaitGroup
	for i, lock := range locks {
		watching.Go(func() {
			<-lock.Context().Done()
			ended[i] = time.Now()
			early[i] = lock.Deadline().Sub(ended[i])
			if cause := context.Cause(lock.Context()); !errors.Is(cause, locking.ErrLost) {
				t.Error(cause)
			}
		})
	}
	watching.Wait()
	for _, member := range cluster.Members() {
		check(t, member.Thaw())
	}
	for i, a := range next {
		lock := a.held(t)
		if lock.Token() <= locks[i].Token() {
			t.Errorf("token %d after %d", lock.Token(), locks[i].Token())
		}
		unlock(t, lock)
	}
	for _, lock := range locks {
		if err := lock.Unlock(t.Context()); !errors.Is(err, locking.ErrLost) {
			t.Error(err)
		}
	}
	return early
}
