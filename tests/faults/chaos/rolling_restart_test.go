package chaos_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

const (
	restartPace  = 300 * time.Millisecond // between a member's return and the next one's end
	restartLimit = 30 * time.Second       // how long a member may take to come back
)

// One member after the other goes and comes back while eight writers and eight readers work. No read
// fails, and afterwards the cluster holds what the library said it does.
func TestRollingRestart(t *testing.T) {
	for _, kind := range []servers{process35, process23} {
		t.Run(kind.name, func(t *testing.T) {
			r := newRun(t, 2*time.Second)
			cluster := kind.start(t, 3)
			l := startLoad(r, cluster)
			r.restartInTurn(cluster)
			l.stop()
			l.check(cluster)
			r.summarize()
		})
	}
}

// restartInTurn restarts all members at least once, in an orderly way and by force in turns.
func (r *run) restartInTurn(cluster *etcdtest.Cluster) {
	ends := r.start.Add(r.lasts)
	for round := 0; round == 0 || time.Now().Before(ends); round++ {
		for i, member := range cluster.Members() {
			how, halt := "members stopped", (*etcdtest.Member).Stop
			if (round+i)%2 == 1 {
				how, halt = "members killed", (*etcdtest.Member).Kill
			}
			if err := restart(r.t.Context(), member, halt, 0); err != nil {
				r.t.Fatal(err)
			}
			r.count(how, 1)
			pace(r.t.Context(), restartPace)
		}
	}
}

// restart ends a member, leaves it away for a while, and returns when it serves again.
func restart(ctx context.Context, member *etcdtest.Member, halt func(*etcdtest.Member) error, away time.Duration) error {
	if err := halt(member); err != nil {
		return err
	}
	pace(ctx, away)
	ctx, cancel := context.WithTimeout(ctx, restartLimit)
	defer cancel()
	return member.Restart(ctx)
}

// runningLoad is a load that stop ends.
type runningLoad struct {
	*load
	stop func() // returns when the last call has ended
}

// startLoad starts eight writers, two of each kind, and eight readers.
func startLoad(r *run, cluster *etcdtest.Cluster) runningLoad {
	until, end := context.WithCancel(r.t.Context())
	l := &load{run: r, until: until, registers: map[int]*register{}, created: claims{}, queued: claims{}}
	endpoints := cluster.Endpoints()
	for range endpoints {
		l.clients = append(l.clients, live.Client(r.t, endpoints...))
	}
	l.prepare()
	var running sync.WaitGroup
	for worker := range 8 {
		running.Go(func() { l.writer(worker) })
		running.Go(func() { l.readKeys(worker) })
	}
	stop := sync.OnceFunc(func() {
		end()
		running.Wait()
	})
	r.t.Cleanup(stop)
	return runningLoad{l, stop}
}

// prepare writes what the load begins with, and returns when no member is without it.
func (l *load) prepare() {
	must := live.Must[*etcd.Response](l.t)
	must(l.clients[0].Set(l.t.Context(), stableKey, stableValue))
	for worker := range 8 {
		if worker%4 >= 2 {
			r := &register{run: l.run, key: fmt.Sprintf("/register/%d", worker), current: "first", possible: map[string]bool{}}
			must(l.clients[0].Set(l.t.Context(), r.key, r.current))
			l.registers[worker] = r
		}
	}
	// A quorum read is answered by a member that has applied everything before it.
	for _, client := range l.clients {
		must(client.Get(l.t.Context(), stableKey, etcd.WithQuorum()))
	}
}

// writer does one kind of write, the first four workers with a value that is promised to be unique.
func (l *load) writer(worker int) {
	unique := worker < 4
	switch worker % 4 {
	case 0:
		l.createKeys(worker, unique)
	case 1:
		l.fillQueue(worker, unique)
	case 2:
		l.swapRegister(worker, unique)
	case 3:
		l.setRegister(worker)
	}
}

// check reads the cluster and holds every claim against it.
func (l runningLoad) check(cluster *etcdtest.Cluster) {
	client := live.Client(l.t, cluster.Endpoints()...)
	l.created.check(l.run, "the created key", read(l.t, client, "/created"))
	l.queued.check(l.run, "the queue's node", read(l.t, client, "/queue"))
	for _, r := range l.registers {
		if node := read(l.t, client, r.key); node != nil {
			r.saw(node.Value, "in the end there is")
		} else {
			r.lie("%s is gone", r.key)
		}
		l.count("fates checked", r.writes)
	}
	l.count("violations", 0)
}
