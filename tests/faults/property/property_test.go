package property_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

const (
	shortRun     = 300
	betweenLooks = 100 // steps; far fewer than the server remembers, or a watch might rightly give up
)

// Whatever is done to the tree, the events of its watch, replayed, give the tree that the server has,
// watches of parts of it tell the same of these parts, and a mirror holds it, indexes included.
func TestReplayGivesTheTree(t *testing.T) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			r := newRun(t, etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version))))
			for done := 0; done < r.steps && !t.Failed(); done += betweenLooks {
				r.round(t)
				r.look(t)
			}
			r.report(t)
		})
	}
}

// run is one random history.
type run struct {
	steps   int
	random  *rand.Rand
	writer  *writer
	courses []course
	all     *witness.Witness // of everything below root
	views   []*view
	mirror  mirrored

	worked, looks, retries int
	struck                 map[string]int
	next                   []int // the faults to come
}

func newRun(t *testing.T, cluster *etcdtest.Cluster) *run {
	t.Helper()
	steps := int(number(t, "WATCH_STEPS", shortRun))
	seed := number(t, "WATCH_SEED", uint64(time.Now().UnixNano()))
	t.Logf("%d steps, WATCH_SEED=%d", steps, seed)
	r := &run{steps: steps, random: rand.New(rand.NewPCG(seed, 0)), courses: newCourses(t, cluster), struck: map[string]int{}}
	direct := live.Connect(t, etcd.Config{Endpoints: cluster.Endpoints(), AttemptTimeout: time.Second})
	r.writer = &writer{client: direct, random: rand.New(rand.NewPCG(seed, 1))}
	start := live.Must[*etcd.Response](t)(direct.CreateDir(t.Context(), root))
	r.watch(t, start.Index)
	live.Must[*etcd.Response](t)(direct.Set(t.Context(), refreshed, "", etcd.WithTTL(time.Minute)))
	return r
}

// watch begins all watches, each with a client of its own, so that they meet different members.
func (r *run) watch(t *testing.T, index uint64) {
	var endpoints []string
	for _, c := range r.courses {
		endpoints = append(endpoints, c.link.URL())
	}
	config := etcd.Config{Endpoints: endpoints, PollTimeout: 2 * time.Second, AttemptTimeout: time.Second}
	r.all = witness.Watch(t, live.Connect(t, config), root, index)
	r.views = views()
	for _, v := range r.views {
		v.begin(t, live.Connect(t, config), index)
	}
	r.mirror = newMirrored(t, live.Connect(t, config))
}

// number returns what an environment variable says.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	if text := os.Getenv(name); text != "" {
		return live.Must[uint64](t)(strconv.ParseUint(text, 10, 64))
	}
	return otherwise
}

// round does some steps, and breaks something for a part of them.
func (r *run) round(t *testing.T) {
	t.Helper()
	breaks, mends := r.random.IntN(betweenLooks/2), betweenLooks/2+r.random.IntN(betweenLooks/2)
	var mend func()
	for i := range betweenLooks {
		switch i {
		case breaks:
			mend = r.strike(t)
		case mends:
			mend()
		}
		if r.writer.write(t) {
			r.worked++
		}
	}
}

// strike does one fault to one member, each kind as often as the others, in changing order.
func (r *run) strike(t *testing.T) (mend func()) {
	t.Helper()
	if len(r.next) == 0 {
		r.next = r.random.Perm(len(faults))
	}
	next := faults[r.next[0]]
	r.next = r.next[1:]
	r.struck[next.name]++
	return next.do(t, r.courses[r.random.IntN(len(r.courses))])
}

// look compares the replay with the server's tree. The tree is read between two markers. If the watch
// has seen something in between, a key has expired, and which side of the read that was on
// cannot be told: it is read again.
func (r *run) look(t *testing.T) {
	t.Helper()
	r.looks++
	live.Eventually(t, "nothing expires for a moment", func() bool {
		first := r.writer.mark(t)
		read, err := r.writer.client.Get(t.Context(), root, etcd.WithRecursive(), etcd.WithQuorum())
		if err != nil {
			r.retries++
			return false
		}
		second := r.writer.mark(t)
		if err := r.all.Await(second.ModifiedIndex); err != nil {
			t.Fatal(err)
		}
		if !r.compare(t, read.Node, first.ModifiedIndex, second) {
			r.retries++
			return false
		}
		return true
	})
}

// compare is false if nothing can be told.
func (r *run) compare(t *testing.T, read *etcd.Node, first uint64, second *etcd.Node) bool {
	t.Helper()
	replay, events, inBetween, err := replayed(r.all.Events(), first, second.ModifiedIndex)
	if err != nil {
		t.Fatal(err)
	}
	if inBetween > 0 {
		return false
	}
	for _, difference := range newTree(read).differences(replay) {
		t.Errorf("at %d: %s", first, difference)
	}
	for _, v := range r.views {
		if err := v.check(events); err != nil {
			t.Errorf("at %d: %v", first, err)
		}
	}
	return t.Failed() || r.mirror.check(t, read, second)
}

// replayed returns the tree that the events up to first give, these events, and how many there are
// between first and second.
func replayed(all []*etcd.Response, first, second uint64) (state tree, events []*etcd.Response, inBetween int, err error) {
	state = tree{root: {dir: true}}
	last := uint64(0)
	for i, event := range all {
		switch {
		case event.Index <= last:
			return nil, nil, 0, fmt.Errorf("event %d is at %d, the one before was at %d", i, event.Index, last)
		case event.Index <= first:
			state.replay(event)
			events = append(events, event)
		case event.Index < second && !hidden(event.Node.Key):
			inBetween++
		}
		last = event.Index
	}
	return state, events, inBetween, nil
}

func (r *run) report(t *testing.T) {
	actions := map[etcd.Action]int{}
	for _, event := range r.all.Events() {
		actions[event.Action]++
	}
	changes, resyncs := r.mirror.listener.Counts()
	t.Logf("%d of %d steps worked, events %v, %d looks, %d of them taken anew, faults %v", r.worked, r.writer.n,
		actions, r.looks, r.retries, r.struck)
	t.Logf("the mirror has told of %d changes, and %d times that it was read again", changes, resyncs)
}
