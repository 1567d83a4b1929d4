package chaos_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

const settleRounds = 100

// settlement is a cluster behind proxies, of which one breaks the first write of every round.
type settlement struct {
	*run
	cluster fronted
	direct  *etcd.Client // past the proxies
	client  *etcd.Client
	random  *rand.Rand
}

// Whatever happens to the first write, a caller who promises a unique value hears the truth.
func TestUniqueValueSettles(t *testing.T) {
	for _, kind := range []struct {
		servers
		members int
	}{{embedded35, 3}, {process23, 1}} {
		t.Run(fmt.Sprintf("%s, %d", kind.name, kind.members), func(t *testing.T) {
			t.Parallel()
			cluster := kind.start(t, kind.members)
			for part, verb := range []struct {
				name  string
				round func(*settlement, int)
			}{
				{"Create", (*settlement).create},
				{"CompareAndSwap by index", (*settlement).swapIndex},
				{"CompareAndSwap by value", (*settlement).swapValue},
				{"CreateInOrder", (*settlement).queue},
			} {
				t.Run(verb.name, func(t *testing.T) {
					t.Parallel()
					r, fronted := newRun(t, 0), front(t, cluster)
					s := &settlement{
						run: r, cluster: fronted, random: r.random(part),
						direct: live.Client(t, cluster.Endpoints()...), client: live.Client(t, fronted.urls()...),
					}
					for i := range settleRounds {
						verb.round(s, i)
					}
					r.summarize()
				})
			}
		})
	}
}

// strike makes the proxies break the next write, and no other, in a way that chance decides. lost is how
// many requests of a hundred are dropped.
func (s *settlement) strike(lost int) faultproxy.Fault {
	faults := []faultproxy.Fault{
		faultproxy.Pass, faultproxy.DropReply, faultproxy.CutReply, faultproxy.FailReply,
	}
	fault := faults[s.random.IntN(len(faults))]
	if s.random.IntN(100) < lost {
		fault = faultproxy.DropRequest
	}
	struck := &atomic.Bool{}
	s.cluster.use(faultproxy.Writes(func() faultproxy.Fault {
		if struck.Swap(true) {
			return faultproxy.Pass
		}
		return fault
	}))
	s.count(fault.String(), 1)
	return fault
}

// rival lets somebody else be first, in one round of four. Whether the client can know that changes
// what it finds when it looks back.
func (s *settlement) rival(key string) bool {
	choice := s.random.IntN(8)
	if choice > 1 {
		return false
	}
	live.Must[*etcd.Response](s.t)(s.direct.Set(s.t.Context(), key, "rival"))
	if choice == 0 {
		live.Must[*etcd.Response](s.t)(s.client.Get(s.t.Context(), key, etcd.WithQuorum()))
	}
	s.count("rivals", 1)
	return true
}

func (s *settlement) create(round int) {
	key, value := fmt.Sprintf("/create/%d", round), fmt.Sprintf("mine %d", round)
	rival, fault := s.rival(key), s.strike(25)
	resp, err := s.client.Create(s.t.Context(), key, value, etcd.WithUniqueValue())
	s.judge(fault, resp, err, read(s.t, s.direct, key), value)
	if rival && !errors.Is(err, etcd.ErrNodeExist) {
		s.lie("%v: the key was there, and Create says %v", fault, err)
	}
}

func (s *settlement) swapIndex(round int) {
	key, value := fmt.Sprintf("/swap/index/%d", round), fmt.Sprintf("mine %d", round)
	before := live.Must[*etcd.Response](s.t)(s.direct.Set(s.t.Context(), key, "before"))
	prev := etcd.Prev{Index: before.Index}
	if s.random.IntN(2) == 0 {
		prev.Value = "before"
	}
	rival, fault := s.rival(key), s.strike(25)
	resp, err := s.client.CompareAndSwap(s.t.Context(), key, value, prev, etcd.WithUniqueValue())
	s.judge(fault, resp, err, read(s.t, s.direct, key), value)
	if rival && !errors.Is(err, etcd.ErrCompareFailed) {
		s.lie("%v: the key was another, and CompareAndSwap says %v", fault, err)
	}
}

// swapValue may end in doubt where it had no effect: the value to compare with could come back, and so
// could the request.
func (s *settlement) swapValue(round int) {
	key, value := fmt.Sprintf("/swap/value/%d", round), fmt.Sprintf("mine %d", round)
	live.Must[*etcd.Response](s.t)(s.direct.Set(s.t.Context(), key, "before"))
	s.rival(key)
	fault := s.strike(25)
	resp, err := s.client.CompareAndSwap(s.t.Context(), key, value, etcd.Prev{Value: "before"}, etcd.WithUniqueValue())
	node := read(s.t, s.direct, key)
	if fateOf(err) == unknown && node.Value != value {
		s.count("unknown, not applied", 1)
		return
	}
	s.judge(fault, resp, err, node, value)
}

// queue may end in doubt where the request was lost: it could be under way for ever.
func (s *settlement) queue(round int) {
	value := fmt.Sprintf("mine %d", round)
	fault := s.strike(5) // giving up the search for a lost one takes a second
	resp, err := s.client.CreateInOrder(s.t.Context(), "/queue", value, etcd.WithUniqueValue())
	var mine []*etcd.Node
	if dir := read(s.t, s.direct, "/queue"); dir != nil {
		for _, node := range dir.Nodes {
			if node.Value == value {
				mine = append(mine, node)
			}
		}
	}
	s.count(fateOf(err).String(), 1)
	switch {
	case len(mine) > 1:
		s.lie("%v: %d nodes for one value", fault, len(mine))
	case (err == nil) != (len(mine) == 1):
		s.lie("%v: the queue has %d nodes of this value, and CreateInOrder says %v", fault, len(mine), err)
	case err == nil && (resp.Node.Key != mine[0].Key || resp.Node.CreatedIndex != mine[0].CreatedIndex):
		s.lie("%v: the answer is %+v, the node %+v", fault, resp.Node, mine[0])
	}
}

// judge holds the answer of a write of value against the node that there is afterwards.
func (s *settlement) judge(fault faultproxy.Fault, resp *etcd.Response, err error, node *etcd.Node, value string) {
	s.count(fateOf(err).String(), 1)
	mine := node != nil && node.Value == value
	switch {
	case fateOf(err) == unknown:
		s.lie("%v: still unknown: %v", fault, err)
	case (err == nil) != mine:
		s.lie("%v: the servers have %+v, and the answer is %v", fault, node, err)
	case err == nil && (resp.Node.Key != node.Key || resp.Node.Value != value || resp.Node.ModifiedIndex != node.ModifiedIndex):
		s.lie("%v: the answer is %+v, the node %+v", fault, resp.Node, node)
	}
}

// Somebody takes each key away as soon as it is there, as a worker takes jobs. A create whose reply was lost must
// not make it once more.
func TestUniqueCreateIsMadeOnce(t *testing.T) {
	const rounds = 30
	cluster := embedded35.start(t, 1)
	fronted := front(t, cluster)
	worker, client := live.Client(t, cluster.Endpoints()...), live.Client(t, fronted.urls()...)
	start := live.Must[*etcd.Response](t)(worker.Set(t.Context(), "/start", ""))
	taken := make(chan string, 2*rounds)
	go func() {
		defer close(taken)
		for event, err := range worker.Watch(t.Context(), "/jobs", etcd.WithRecursive(), etcd.WithAfterIndex(start.Index)) {
			switch {
			case err != nil:
				return
			case event.Action != etcd.ActionCreate:
				continue
			}
			taken <- event.Node.Key
			if _, err := worker.Delete(t.Context(), event.Node.Key); err != nil {
				t.Errorf("delete: %v", err)
			}
			if event.Node.Key == "/jobs/last" {
				return
			}
		}
	}()
	for i := range rounds {
		struck := &atomic.Bool{}
		fronted.use(faultproxy.Writes(func() faultproxy.Fault {
			if struck.Swap(true) {
				return faultproxy.Pass
			}
			return faultproxy.DropReply
		}))
		key := fmt.Sprintf("/jobs/%d", i)
		live.Must[*etcd.Response](t)(client.Create(t.Context(), key, "token of "+key, etcd.WithUniqueValue()))
	}
	live.Must[*etcd.Response](t)(worker.Create(t.Context(), "/jobs/last", ""))
	made := map[string]int{}
	for key := range taken {
		if made[key]++; made[key] > 1 {
			t.Errorf("%s was made %d times", key, made[key])
		}
	}
	if len(made) != rounds+1 {
		t.Errorf("%d of %d jobs were made", len(made), rounds+1)
	}
}
