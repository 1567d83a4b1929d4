package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// contest is a lock with those who compete for it. It checks what package locking guarantees for every kind:
//
//   - While the Context of a holder has not ended, only those hold the lock beside it that the rule allows, and its
//     key is in the cluster.
//   - At the Deadline of a holder the cluster has not let its key expire, and the Context ends a tenth of the TTL before.
//   - A contender gets the lock when nobody before it in the queue keeps it from that. So they get it in the order of
//     their tokens.
//   - Unlock returns nil if and only if it has deleted the key.
//   - A contender that gives up leaves nothing behind, and takes no longer for that than is said. The last contender
//     deletes the directory.
type contest struct {
	w    *World
	dir  string
	ttl  time.Duration
	rule rule

	wrong atomic.Int64

	mu     sync.Mutex
	inside map[*tenure]bool
	token  uint64 // the greatest of a holder so far
	got    map[string]int
	calm   bool // there have been no faults since the clients of the contenders were made
}

// rule is which contenders can hold a lock together.
type rule struct {
	together func(inside []*tenure) bool
	first    func(t *tenure, before []rival) bool // t need not wait for those
	ordered  bool                                 // the token of each holder is greater than those of earlier holders
}

// alone is the rule of a mutex.
var alone = rule{
	together: func(inside []*tenure) bool { return len(inside) == 1 },
	first:    func(_ *tenure, before []rival) bool { return len(before) == 0 },
	ordered:  true,
}

// tenure is the time in which a contender has a lock.
type tenure struct {
	name   string
	lock   held
	shared bool
	limit  int // of a semaphore
}

// held is what a locking.Lock and an election.Term have in common.
type held interface {
	Context() context.Context
	Token() uint64
	Deadline() time.Time
}

func (t *tenure) String() string { return fmt.Sprintf("%s with token %d", t.name, t.lock.Token()) }

// rival is a contender as the cluster has it.
type rival struct {
	Value  string `json:"value"`
	Shared bool   `json:"shared"`
	Limit  int    `json:"limit"`

	key        string
	token      uint64
	expiration *time.Time
}

func newContest(w *World, dir string, ttl time.Duration, rule rule) *contest {
	c := &contest{w: w, dir: dir, ttl: ttl, rule: rule, inside: map[*tenure]bool{}, got: map[string]int{}}
	w.Go(c.watch)
	return c
}

// errorf reports a violation; not all, if there are many.
func (c *contest) errorf(format string, args ...any) {
	if c.wrong.Add(1) <= 20 {
		c.w.Errorf("%s: %s", time.Now().Format("15:04:05.000000"), fmt.Sprintf(format, args...))
	}
}

// queue returns what is in the queue, in the order of the tokens, as a majority of the members has it.
func (c *contest) queue() []rival {
	event, err := c.w.Cluster.Record().Get("/1" + c.dir)
	if err != nil {
		return nil
	}
	var all []rival
	for _, node := range event.Node.Nodes {
		all = append(all, read(node))
	}
	slices.SortFunc(all, func(a, b rival) int { return cmp.Compare(a.token, b.token) })
	return all
}

// read reads a rival from its key.
func read(node *v2store.NodeExtern) rival {
	r := rival{key: node.Key, token: node.CreatedIndex, expiration: node.Expiration}
	_ = json.Unmarshal([]byte(*node.Value), &r)
	return r
}

// inside reports whether a key is in a directory.
func inside(key, dir string) bool { return strings.HasPrefix(key, dir+"/") }

// with returns the one with a token.
func with(queue []rival, token uint64) (rival, bool) {
	i := slices.IndexFunc(queue, func(r rival) bool { return r.token == token })
	if i < 0 {
		return rival{}, false
	}
	return queue[i], true
}

// enter notes that t has begun.
func (c *contest) enter(t *tenure) {
	token := t.lock.Token()
	before := slices.DeleteFunc(c.queue(), func(r rival) bool { return r.token >= token })
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.rule.first(t, before) {
		c.errorf("%v holds the lock with these before it in the queue: %+v", t, before)
	}
	if c.rule.ordered && token <= c.token {
		c.errorf("%v holds the lock after one with token %d", t, c.token)
	}
	c.token = max(c.token, token)
	c.inside[t] = true
	c.got[t.name]++
	c.w.Count("tenures", 1)
	if inside := c.holders(); len(inside) > 0 && !c.rule.together(inside) {
		c.errorf("these hold the lock together: %v", inside)
	}
}

// leave notes that t is about to end, or has.
func (c *contest) leave(t *tenure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.inside, t)
}

// holders returns those whose Context has not ended. The caller holds mu.
func (c *contest) holders() []*tenure {
	var all []*tenure
	for t := range c.inside {
		if t.lock.Context().Err() == nil {
			all = append(all, t)
		}
	}
	return all
}

// watch compares the holders with the cluster all the time.
func (c *contest) watch(ctx context.Context) {
	for pause(ctx, 100*time.Millisecond) {
		c.mu.Lock()
		for t := range c.inside {
			c.compare(t)
		}
		c.mu.Unlock()
	}
}

// compare compares a holder with the cluster. The caller holds mu.
func (c *contest) compare(t *tenure) {
	deadline := t.lock.Deadline() // before the cluster is read, which may have got a renewal in the meantime
	own, found := with(c.queue(), t.lock.Token())
	switch {
	case t.lock.Context().Err() != nil:
	case !found:
		c.errorf("%v holds the lock without a key", t)
	case deadline.IsZero() || own.expiration == nil:
		c.errorf("%v has the deadline %v, and its key expires %v", t, deadline, own.expiration)
	case own.expiration.Before(deadline.Add(-c.w.Options.Drift/2 - time.Microsecond)):
		c.errorf("%v has the deadline %v, and its key may expire %v before", t, deadline, deadline.Sub(*own.expiration))
	case time.Until(deadline) < c.shortest()/10-time.Millisecond:
		c.errorf("%v holds the lock %v before its deadline", t, time.Until(deadline))
	}
}

// unlocked checks what Unlock has returned.
func (c *contest) unlocked(t *tenure, err error) {
	lost := errors.Is(context.Cause(t.lock.Context()), locking.ErrLost) // and not unlocked
	end := c.end(t.lock.Token())
	c.mu.Lock()
	defer c.mu.Unlock()
	deleted := end != nil && end.Action == v2store.CompareAndDelete
	switch {
	case err == nil && lost:
		c.errorf("%v: Unlock says nil for a lock that was lost", t)
	case err == nil && !deleted:
		c.errorf("%v: Unlock says nil, and the key ended by %+v", t, end)
	case errors.Is(err, locking.ErrLost) && !lost && deleted && !strings.Contains(err.Error(), "history"):
		c.errorf("%v: Unlock has deleted the key, and says %v", t, err)
	case err == nil:
		c.w.Count("unlocked", 1)
	case errors.Is(err, locking.ErrLost):
		c.w.Count("lost", 1)
	default:
		c.w.Count("unlocks failed", 1)
	}
}

// end returns the event that has ended the key of a token, or nil.
func (c *contest) end(token uint64) *v2store.Event {
	for _, event := range slices.Backward(c.w.Cluster.Record().Events()) {
		switch prev := event.PrevNode; {
		case event.Index() < token:
			return nil
		case prev == nil || prev.CreatedIndex != token || !inside(prev.Key, "/1"+c.dir):
		case event.Action == v2store.CompareAndSwap:
			return nil // after which nothing has ended it
		default:
			return event
		}
	}
	return nil
}

// gaveUp checks what a contender with a value of its own has left, whose context ended then; never, if that is zero.
func (c *contest) gaveUp(value string, ended time.Time) {
	queue := c.queue()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.w.Count("given up", 1)
	if late := time.Since(ended); !ended.IsZero() && late > cleanUp+10*time.Millisecond {
		c.errorf("%s returned %v after its context had ended", value, late)
	}
	if c.calm && slices.ContainsFunc(queue, func(r rival) bool { return r.Value == value }) {
		c.errorf("%s gave up, and is in the queue: %+v", value, queue)
	}
}

// failed checks why a contender with a value of its own did not get the lock. In the queue it waits until it has it,
// except if every member seems to have no v2 API, or requests take longer than the TTL.
func (c *contest) failed(value string, err error, waits bool) {
	for _, known := range []error{etcd.ErrOutcomeUnknown, etcd.ErrNotSupported, locking.ErrOtherLimit} {
		waits = waits && !errors.Is(err, known)
	}
	if isShort(err) {
		c.w.Count("requests too slow", 1)
		return
	}
	if !waits {
		return
	}
	for _, event := range slices.Backward(c.w.Cluster.Record().Events()) {
		if inside(event.Node.Key, "/1"+c.dir) && event.Action == v2store.Create && read(event.Node).Value == value {
			c.errorf("%s was in the queue, and Lock failed: %v", value, err)
			return
		}
	}
}

// isShort reports whether err says that the TTL is shorter than a request takes, as it can be at a slow time.
func isShort(err error) bool { return err != nil && strings.Contains(err.Error(), "is too short") }

// cleanUp is how long a contender that gives up tries at most to leave nothing behind.
const cleanUp = 6 * time.Second

// everyoneGetsIn checks that all contenders get the lock in a cluster without faults.
func (c *contest) everyoneGetsIn(contenders []*contender) {
	c.mu.Lock()
	clear(c.got)
	c.mu.Unlock()
	missing := func() []string {
		c.mu.Lock()
		defer c.mu.Unlock()
		var names []string
		for _, by := range contenders {
			if c.got[by.name] == 0 && !by.stranger {
				names = append(names, by.name)
			}
		}
		return names
	}
	for limit := time.Now().Add(5 * time.Minute); len(missing()) > 0; time.Sleep(time.Second) {
		if time.Now().After(limit) {
			c.errorf("five minutes after the last fault these have not got the lock: %v; the queue is %+v", missing(), c.queue())
			return
		}
	}
}

// becomesEmpty checks that those who have left have left nothing behind when all that was late has arrived, and
// has expired if it was a contender's that had gone.
func (c *contest) becomesEmpty() {
	time.Sleep(time.Minute + c.ttl)
	queue := c.queue()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(queue) > 0 {
		c.errorf("nobody competes, and there is %+v", queue)
	}
	c.calm = true
}

// isGone checks that the last who left has deleted the directory.
func (c *contest) isGone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if event, err := c.w.Cluster.Record().Get("/1" + c.dir); err == nil {
		c.errorf("the last has left, and there is %+v", event.Node)
	}
}
