package gateway_test

import (
	"errors"
	"slices"

	"github.com/etcdv2/client/etcd"
)

// audit compares the results of calls with the history.
type audit struct {
	*run
	history *history
	calls   []*call
	bounds  *bounds
}

func newAudit(r *run, h *history, calls []*call) *audit {
	return &audit{r, h, calls, newBounds(h, calls)}
}

// check examines every call and returns the number of lies.
func (a *audit) check() int {
	for _, c := range a.calls {
		switch {
		case c.verb == get:
			a.get(c)
		case c.verb == exists:
			a.exists(c)
		case c.deletes():
			a.refusal(c)
		default:
			a.write(c)
			a.refusal(c)
		}
	}
	a.deletions()
	return a.counted("lies")
}

// write checks a write with a value of its own.
func (a *audit) write(c *call) {
	events := a.history.writes[c.value]
	switch n := len(events); {
	case n > 1:
		a.lie(c, "applied twice", "it was applied %d times: %+v", n, events)
	case n == 0 && c.fate() == applied:
		a.lie(c, "not applied, said to be", "nothing has this value")
	case n == 1 && c.fate() == refused:
		a.lie(c, "applied, said not to be", "it was applied at %d", events[0].Node.ModifiedIndex)
	case n == 1 && c.fate() == applied:
		a.answer(c, events[0])
	case n == 1:
		a.count("writes unknown that were applied")
	}
	a.count("writes " + string(c.fate()))
}

// answer compares the answer of a write with its event.
func (a *audit) answer(c *call, e event) {
	n := c.resp.Node
	switch {
	case c.resp.Index != e.Node.ModifiedIndex, n.ModifiedIndex != e.Node.ModifiedIndex, n.CreatedIndex != e.Node.CreatedIndex:
		a.lie(c, "wrong index", "the history has %+v", e)
	case n.Key != e.Node.Key, c.resp.Action != e.Action, n.Value != e.Node.Value:
		a.lie(c, "wrong answer", "the history has %+v", e)
	case c.resp.PrevNode != nil && !isNode(c.resp.PrevNode, e.PrevNode):
		a.lie(c, "wrong node before", "the history has %+v", e)
	}
}

func isNode(n *etcd.Node, want *node) bool {
	return want != nil && n.Key == want.Key && n.Value == want.Value &&
		n.ModifiedIndex == want.ModifiedIndex && n.CreatedIndex == want.CreatedIndex
}

// refusal checks that the reason of a failed write was true at some moment during the call.
func (a *audit) refusal(c *call) {
	said := concluded(c.err)
	switch {
	case said == nil:
		return
	case c.fate() == unknown:
		a.lie(c, "unknown and more", "the outcome is unknown, and the error is also: %v", said)
		return
	}
	excuse, ok := excuses[said]
	if !ok || !slices.Contains(excuse.verbs, c.verb) {
		a.lie(c, "false refusal", "no such call is refused so")
		return
	}
	from, to := a.bounds.floor(c), a.bounds.ceiling(c)
	if !a.history.was(c.key, from, to, func(s state) bool { return excuse.holds(c, s) }) {
		a.lie(c, "false refusal", "there was no reason for it from %d to %d, where it began as %+v", from, to, a.history.at(c.key, from))
	}
	a.count("writes refused by etcd")
}

// excuses are the verbs and the states of the key for which etcd refuses a write.
var excuses = map[error]struct {
	verbs []verb
	holds func(*call, state) bool
}{
	etcd.ErrNodeExist:   {[]verb{create}, func(_ *call, s state) bool { return s.exists }},
	etcd.ErrKeyNotFound: {[]verb{update, compareAndSwap, remove, compareAndDelete}, func(_ *call, s state) bool { return !s.exists }},
	etcd.ErrCompareFailed: {[]verb{compareAndSwap, compareAndDelete}, func(c *call, s state) bool {
		return s.exists && !compares(c.prev, s.value, s.modified)
	}},
}

// compares reports whether prev holds for a value and an index.
func compares(prev etcd.Prev, value string, index uint64) bool {
	return (prev.Value == "" || prev.Value == value) && (prev.Index == 0 || prev.Index == index)
}

// get checks a read. A read without quorum may be old, but must be what the key was at the index of the
// answer.
func (a *audit) get(c *call) {
	if c.err != nil {
		a.failedRead(c)
		return
	}
	a.count("reads answered")
	index, n := c.resp.Index, c.resp.Node
	is := a.history.at(c.key, index)
	got := state{is.from, true, n.Value, n.CreatedIndex, n.ModifiedIndex}
	switch {
	case n.Key != c.key || c.resp.Action != etcd.ActionGet:
		a.lie(c, "wrong read", "that is not the answer to this question")
	case got != is || index > a.bounds.ceiling(c):
		a.lie(c, "wrong read", "at %d the history has %+v, and the store was at most at %d", index, is, a.bounds.ceiling(c))
	case c.quorum && index < a.bounds.floor(c):
		a.lie(c, "old quorum read", "%d had been reached before", a.bounds.floor(c))
	}
}

// failedRead checks that the error of a read does not allow a false conclusion.
func (a *audit) failedRead(c *call) {
	switch said := concluded(c.err); {
	case said == nil:
		a.count("reads without answer")
	case !errors.Is(said, etcd.ErrKeyNotFound):
		a.lie(c, "false conclusion of a read", "%v: there is no reason for that", said)
	default:
		a.absence(c)
	}
}

// exists checks an Exists. Its result may be old, but must have been true.
func (a *audit) exists(c *call) {
	switch {
	case c.err != nil:
		a.failedRead(c)
	case !c.exists:
		a.absence(c)
	case !a.history.was(c.key, a.history.start, a.bounds.ceiling(c), func(s state) bool { return s.exists }):
		a.lie(c, "false existence", "there never was such a key")
	default:
		a.count("reads answered")
	}
}

// absence checks that a key was absent when the library says so: at the index of the error, if it has one, or
// at some moment between the highest index that the client had seen before and the end of the call.
func (a *audit) absence(c *call) {
	a.count("reads of what is not there")
	from, to := c.seen, a.bounds.ceiling(c)
	if c.quorum {
		from = max(from, a.bounds.floor(c))
	}
	gone := func(s state) bool { return !s.exists }
	if told := indexOf(c.err); told >= from && told <= to && gone(a.history.at(c.key, told)) {
		return
	}
	if !a.history.was(c.key, from, to, gone) {
		a.lie(c, "false absence", "it was there from %d to %d: %+v", from, to, a.history.at(c.key, from))
	}
}

// indexOf returns the index of a refusal, or 0.
func indexOf(err error) uint64 {
	var said *etcd.Error
	if errors.As(err, &said) {
		return said.Index
	}
	return 0
}
