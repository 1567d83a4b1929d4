package suite

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

// Run tests members of one kind.
func Run(t *testing.T, kind etcdtest.Option) {
	for name, test := range map[string]func(*testing.T, etcdtest.Option){
		"OneMember":                     oneMember,
		"LeaderStopsAndComesBack":       leaderStopsAndComesBack,
		"KilledMembersComeBackTogether": killedMembersComeBackTogether,
		"RestartNeedsAMajority":         restartNeedsAMajority,
		"StopCutsConnections":           stopCutsConnections,
		"ClientAddrTaken":               clientAddrTaken,
		"CloseLeavesNothing":            closeLeavesNothing,
		"MembershipChanges":             membershipChanges,
		"LeaderBesideUnstarted":         leaderBesideUnstarted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

func oneMember(t *testing.T, kind etcdtest.Option) {
	cluster := etcdtest.Start(t, kind)
	client := NewClient(t)
	endpoint := cluster.Endpoints()[0]
	Put(t, client, endpoint, "/a", "1")
	WantValue(t, client, endpoint, "/a", "1")
	if _, err := Get(t.Context(), client, endpoint, "/b"); err == nil {
		t.Fatal("a key that was never written has a value")
	}
}

func leaderStopsAndComesBack(t *testing.T, kind etcdtest.Option) {
	cluster := etcdtest.Start(t, kind, etcdtest.WithMembers(3))
	client := NewClient(t)
	first := Leader(t, cluster)
	Put(t, client, first.URL(), "/before", "1")

	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	Refused(t, first.URL())
	second := Leader(t, cluster)
	if second == first {
		t.Fatalf("%s still leads after its stop", first.Name())
	}
	Put(t, client, second.URL(), "/while", "2")

	if err := first.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range cluster.Members() {
		WantValue(t, client, m.URL(), "/before?quorum=true", "1")
		WantValue(t, client, m.URL(), "/while?quorum=true", "2")
	}
}

func killedMembersComeBackTogether(t *testing.T, kind etcdtest.Option) {
	cluster := etcdtest.Start(t, kind, etcdtest.WithMembers(3))
	client := NewClient(t)
	Put(t, client, cluster.Endpoints()[0], "/a", "1")
	before := cluster.Endpoints()
	for _, m := range cluster.Members() {
		if err := m.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, cluster.Endpoints()) {
		t.Fatalf("endpoints were %v, are %v", before, cluster.Endpoints())
	}
	for _, endpoint := range cluster.Endpoints() {
		WantValue(t, client, endpoint, "/a", "1")
	}
}

func restartNeedsAMajority(t *testing.T, kind etcdtest.Option) {
	cluster := etcdtest.Start(t, kind, etcdtest.WithMembers(3))
	for _, m := range cluster.Members() {
		if err := m.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	alone := cluster.Members()[0]
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := alone.Restart(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "m1") {
		t.Fatalf("restart of one member in three: %v", err)
	}
	if _, err := cluster.Leader(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("leader of one member in three: %v", err)
	}
	if err := alone.Restart(t.Context()); err == nil {
		t.Fatal("a running member was started again")
	}
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	Leader(t, cluster)
}

// An open long poll, and a connection on which nothing was sent, must neither keep a
// member from stopping nor outlive it.
func stopCutsConnections(t *testing.T, kind etcdtest.Option) {
	for name, stop := range map[string]func(*etcdtest.Member) error{
		"stop": (*etcdtest.Member).Stop,
		"kill": (*etcdtest.Member).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			member := etcdtest.Start(t, kind).Members()[0]
			ended := Watch(t.Context(), t, NewClient(t), member.URL(), "/a")
			silent, err := net.Dial("tcp", strings.TrimPrefix(member.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			Within(t, 5*time.Second, func() error { return stop(member) })
			if r := <-ended; r.Err == nil {
				t.Fatalf("the long poll ended with an event: %+v", r.Event)
			}
			if err := silent.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := silent.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("the silent connection outlived the member: %v", err)
			}
		})
	}
}

func clientAddrTaken(t *testing.T, kind etcdtest.Option) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cluster, err := etcdtest.New(t.Context(), kind, etcdtest.WithClientAddr(l.Addr().String()))
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("New on a port that is taken: %v, %v", cluster, err)
	}
}

func closeLeavesNothing(t *testing.T, kind etcdtest.Option) {
	cluster, err := etcdtest.New(t.Context(), kind, etcdtest.WithMembers(3))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // closing twice is as good as once
		if err := cluster.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, endpoint := range cluster.Endpoints() {
		Refused(t, endpoint)
	}
}
