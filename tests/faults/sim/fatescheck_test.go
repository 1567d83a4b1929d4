package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// fateCheck compares what clients did with the record. It checks what the library guarantees:
//
//   - A write without WithUniqueValue is sent at most once, and so is a CreateInOrder.
//   - A write that succeeds was applied once, while the call ran, and its response is the event.
//   - A write of which the outcome is unknown was applied at most once.
//   - A write that fails with any other error was not applied. Where an etcd code says why, that was so at some
//     moment of the call.
//   - With WithUniqueValue the same holds, and an unknown outcome has a reason. A Create may be applied by a late
//     copy, too, if the key does not exist by then.
//   - TTLs are those asked for. Modify and WithKeepTTL keep them.
//   - A read shows what was there: with quorum, at some moment of the call. A client that has seen an index is not
//     told that a key does not exist by a member that is behind that index.
type fateCheck struct {
	*ledger
	restored  bool // indexes have gone back
	records   []*Record
	healed    time.Time // when everybody was answered without faults; zero for never
	byValue   map[string][]Applied
	deletions map[string][]Applied
	refreshes map[string][]Applied // by key and TTL
	states    map[string][]keyState
	owners    map[string]*ledgerCall // by value
	claimed   map[*v2store.Event]bool
}

// keyState is what is at a key from one change to the next.
type keyState struct {
	from  time.Time
	index uint64
	node  *v2store.NodeExtern // nil for nothing
}

func newFateCheck(l *ledger, records []*Record) *fateCheck {
	f := &fateCheck{
		ledger: l, restored: len(records) > 1, records: records, byValue: map[string][]Applied{}, deletions: map[string][]Applied{},
		refreshes: map[string][]Applied{}, states: map[string][]keyState{}, owners: map[string]*ledgerCall{},
		claimed: map[*v2store.Event]bool{},
	}
	for _, r := range records {
		for _, a := range r.Applied() {
			f.add(a)
		}
	}
	for _, c := range l.calls {
		if c.value != "" {
			f.owners[c.value] = c
		}
	}
	return f
}

// add adds an entry of the log.
func (f *fateCheck) add(a Applied) {
	r := &a.Request
	switch {
	case r.Method == "DELETE":
		f.deletions[r.Path] = append(f.deletions[r.Path], a)
	case r.Method == "SYNC":
		for _, e := range a.Expired {
			f.change(a.At, e)
		}
		return
	case refreshes(a), r.Path == "/1/refresher" && r.PrevIndex != 0: // or as Refresh does it otherwise
		name := refreshName(r.Path, time.Unix(0, r.Expiration).Sub(a.At))
		f.refreshes[name] = append(f.refreshes[name], a)
	default:
		f.byValue[r.Val] = append(f.byValue[r.Val], a)
	}
	if a.Err == nil {
		f.change(a.At, a.Event)
	}
}

func (f *fateCheck) change(at time.Time, e *v2store.Event) {
	s := keyState{at, e.Node.ModifiedIndex, e.Node}
	switch e.Action {
	case v2store.Delete, v2store.CompareAndDelete, v2store.Expire:
		s.node = nil
	}
	f.states[e.Node.Key] = append(f.states[e.Node.Key], s)
}

// refreshes reports whether an entry uses the refresh parameter.
func refreshes(a Applied) bool { return a.Request.Refresh != nil && *a.Request.Refresh }

func refreshName(path string, left time.Duration) string {
	return fmt.Sprint(path, " ", int64(math.Round(float64(left)/float64(refreshStep))))
}

func (f *fateCheck) run() {
	for _, c := range f.calls {
		switch c.verb {
		case "read", "quorum read":
			f.read(c)
		case "delete", "compareAndDelete":
			f.deletion(c)
		case "refresh":
			entries := f.refreshes[refreshName("/1"+c.key, c.ttl)]
			c.modifies = !slices.ContainsFunc(entries, refreshes) // where the versions could not be learned
			f.write(c, entries)
		default:
			f.write(c, f.byValue[c.value])
		}
		if c.err != nil && !f.restored {
			f.reason(c)
		}
	}
	for key := range f.deletions {
		f.unclaimed(key)
	}
	if !f.restored {
		f.keeps("/1/keeper")
	}
}

func (f *fateCheck) wrong(c *ledgerCall, format string, args ...any) {
	f.w.Errorf("%s: %v", fmt.Sprintf(format, args...), c)
}

// write checks a write, which has left these entries in the log.
func (f *fateCheck) write(c *ledgerCall, entries []Applied) {
	var applied []Applied
	for _, a := range entries {
		if a.Err == nil && !corrects(c, a.Event) {
			applied = append(applied, a)
		}
	}
	if len(entries) > 1 && !c.modifies && (!c.unique || c.verb == "queue") {
		f.wrong(c, "sent once, it is %d times in the log", len(entries))
	}
	most := 1
	if c.unique && c.verb == "create" && len(applied) > 1 {
		most = c.copies(applied[0].At)
	}
	if len(applied)-f.undoneOf(c, applied) > most {
		f.wrong(c, "applied %d times, %s", len(applied), times(applied))
	}
	switch {
	case c.err == nil:
		f.success(c, entries, applied)
	case c.isUnknown():
		f.w.Count("unknown, applied", min(len(applied), 1))
		if c.unique && !c.stopped {
			f.unsettled(c, applied)
		}
	default:
		for _, a := range applied {
			switch {
			case f.undone(c, a.At):
			case !c.unique || c.verb != "create" || !a.At.After(c.lastLook()):
				f.wrong(c, "not applied, it was at %v", a.At)
			}
		}
	}
}

// corrects reports whether an event of a Modify is that of the correction of its TTL: it writes its value once more.
func corrects(c *ledgerCall, e *v2store.Event) bool {
	return c.keeps && e.PrevNode != nil && e.PrevNode.Expiration != nil && valueOf(e.PrevNode) == c.value
}

// copies returns how many copies of a Create can be applied, of which the first was at that time: those that were
// sent after a look that may not have seen it. Copies can arrive late, so in another order.
func (c *ledgerCall) copies(first time.Time) int {
	n := 0
	for i, sent := range c.sent {
		decided := sent
		for _, looked := range c.looked {
			if i > 0 && looked.After(c.sent[i-1]) && looked.Before(sent) {
				decided = looked
			}
		}
		if !decided.After(first) {
			n++
		}
	}
	return n
}

// success checks a write that succeeded. One of the entries must be the event of its response.
func (f *fateCheck) success(c *ledgerCall, entries, applied []Applied) {
	if len(applied) == 0 || applied[0].At.Before(c.began) || applied[0].At.After(c.ended) {
		f.wrong(c, "applied, the log has it %d times, %s", len(applied), times(applied))
		return
	}
	for _, a := range entries {
		if a.Err != nil || a.Event.Node.ModifiedIndex != c.resp.Node.ModifiedIndex {
			continue
		}
		f.same(c, "the node", c.resp.Node, a.Event.Node)
		if c.resp.PrevNode != nil && !corrects(c, a.Event) {
			f.same(c, "the previous node", c.resp.PrevNode, a.Event.PrevNode)
		}
		if c.resp.Action != etcd.Action(a.Event.Action) {
			f.wrong(c, "the action was %s", a.Event.Action)
		}
		f.expiration(c, a)
		return
	}
	// With WithUniqueValue it may have been found after a Modify had changed the TTL; nobody does that here.
	f.wrong(c, "the response is none of the events, %s", times(applied))
}

// expiration checks that what was written expires when the call asked for, by the time at which it was taken.
func (f *fateCheck) expiration(c *ledgerCall, a Applied) {
	const rounding = time.Millisecond
	at := a.Event.Node.Expiration
	switch {
	case c.keeps:
	case c.ttl == 0 && at != nil:
		f.wrong(c, "without a TTL it expires at %v", *at)
	case c.ttl == 0:
	case at == nil || at.Before(c.began.Add(c.ttl-rounding)) || at.After(a.At.Add(c.ttl+rounding)):
		f.wrong(c, "it expires at %v", at)
	}
}

// same checks that a node of a response is the one of an event.
func (f *fateCheck) same(c *ledgerCall, what string, got *etcd.Node, want *v2store.NodeExtern) {
	if want == nil {
		f.wrong(c, "%s %+v did not exist", what, got)
		return
	}
	sameExpiration := got.Expiration.IsZero() && want.Expiration == nil || want.Expiration != nil && got.Expiration.Equal(*want.Expiration)
	if "/1"+got.Key != want.Key || got.Value != valueOf(want) || got.ModifiedIndex != want.ModifiedIndex ||
		got.CreatedIndex != want.CreatedIndex || !sameExpiration {
		f.wrong(c, "%s %+v was %+v, %s, expiring at %v", what, got, want, valueOf(want), want.Expiration)
	}
}

// unsettled checks an outcome that could not be found out, though the value was unique and there was time. A
// CreateInOrder is not sent again, so it stays open if it was not applied. For the others the history must have been
// out of reach: too much has happened since, or faults kept the call from reading it.
func (f *fateCheck) unsettled(c *ledgerCall, applied []Applied) {
	switch {
	case len(c.sent) == 0:
		f.wrong(c, "unknown, it was not sent")
	case c.verb == "queue" && len(applied) == 0:
		f.w.Count("left open", 1)
	default:
		f.w.Count("not settled", 1)
		if !f.healed.IsZero() && c.began.After(f.healed) {
			f.wrong(c, "unknown, without faults")
		}
	}
}

// deletion checks a deletion that succeeded. Each event belongs to one call. Two histories can have one at the same index.
func (f *fateCheck) deletion(c *ledgerCall) {
	if c.err != nil {
		return
	}
	wrong := "nothing was deleted"
	for _, a := range f.deletions["/1"+c.key] {
		switch {
		case a.Err != nil || a.Event.Node.ModifiedIndex != c.resp.Index || a.At.Before(c.began) || a.At.After(c.ended):
		case f.claimed[a.Event]:
			wrong = "another call has deleted it"
		default:
			f.claimed[a.Event] = true
			if c.resp.PrevNode != nil {
				f.same(c, "the previous node", c.resp.PrevNode, a.Event.PrevNode)
			}
			return
		}
	}
	f.wrong(c, "%s", wrong)
}

// unclaimed checks that each deletion that no success explains belongs to a call with an unknown outcome.
func (f *fateCheck) unclaimed(path string) {
	var unknown []*ledgerCall
	for _, c := range f.calls {
		if "/1"+c.key == path && (c.verb == "delete" || c.verb == "compareAndDelete") && c.isUnknown() {
			unknown = append(unknown, c)
		}
	}
	slices.SortFunc(unknown, func(a, b *ledgerCall) int { return a.began.Compare(b.began) })
	began, found := 0, 0
	for _, a := range f.deletions[path] {
		if a.Err != nil || f.claimed[a.Event] {
			continue
		}
		for began < len(unknown) && !unknown[began].began.After(a.At) {
			began++
		}
		if found++; found > began {
			f.w.Errorf("%v: %s was deleted at %d by nobody that says so", a.At, path, a.Event.Node.ModifiedIndex)
			return
		}
	}
	f.w.Count("unknown, applied", found)
}

// reason checks that what an etcd code says was so at some moment of the call.
func (f *fateCheck) reason(c *ledgerCall) {
	if c.isUnknown() || c.verb == "read" || c.verb == "queue" {
		return
	}
	exists := func(s keyState) bool { return s.node != nil }
	switch {
	case errors.Is(c.err, etcd.ErrKeyNotFound):
		if !f.ever(c, func(s keyState) bool {
			passed := c.keeps && exists(s) && s.node.Expiration != nil && !s.node.Expiration.After(c.ended)
			return !exists(s) || passed
		}) {
			f.wrong(c, "the key was there all the time")
		}
	case errors.Is(c.err, etcd.ErrNodeExist):
		if !f.ever(c, exists) {
			f.wrong(c, "the key was never there")
		}
	case errors.Is(c.err, etcd.ErrCompareFailed):
		if !f.ever(c, func(s keyState) bool {
			return exists(s) && (c.prev.Index != 0 && s.node.ModifiedIndex != c.prev.Index || c.prev.Value != "" && valueOf(s.node) != c.prev.Value)
		}) {
			f.wrong(c, "the comparison held all the time")
		}
	default:
		var refusal *etcd.Error
		if errors.As(c.err, &refusal) && refusal.Code != 0 && refusal.StatusCode < 500 {
			f.wrong(c, "etcd has no reason to refuse it")
		}
	}
}

// ever reports whether a key was in such a state at some moment of a call.
func (f *fateCheck) ever(c *ledgerCall, holds func(keyState) bool) bool {
	states := f.states["/1"+c.key]
	first := sort.Search(len(states), func(i int) bool { return !states[i].from.Before(c.began) }) - 1
	if first < 0 {
		if holds(keyState{}) {
			return true
		}
		first = 0
	}
	for _, s := range states[first:] {
		if s.from.After(c.ended) {
			return false
		}
		if holds(s) {
			return true
		}
	}
	return false
}

// read checks a read.
func (f *fateCheck) read(c *ledgerCall) {
	if f.restored {
		return
	}
	index, node := uint64(0), (*etcd.Node)(nil)
	var refusal *etcd.Error
	switch {
	case c.err == nil:
		index, node = c.resp.Index, c.resp.Node
	case errors.Is(c.err, etcd.ErrKeyNotFound) && errors.As(c.err, &refusal):
		if index = refusal.Index; index < c.seen {
			f.wrong(c, "the client had seen index %d", c.seen)
		}
	default:
		return
	}
	states := f.states["/1"+c.key]
	i := sort.Search(len(states), func(i int) bool { return states[i].index > index }) - 1
	at := keyState{}
	if i >= 0 {
		at = states[i]
	}
	switch {
	case at.from.After(c.ended):
		f.wrong(c, "index %d was not reached", index)
	case node == nil && at.node != nil:
		f.wrong(c, "it was there at index %d: %+v", index, at.node)
	case node != nil:
		f.same(c, "what was read", node, at.node)
	}
	if c.verb == "quorum read" && i+1 < len(states) && states[i+1].from.Before(c.began) {
		f.wrong(c, "it was changed at %v", states[i+1].from)
	}
}

// keeps checks that a key expires when it would have, however often it is changed by those that keep its TTL. A
// write that is late and cannot be corrected any more may move the end by as much as it is late.
func (f *fateCheck) keeps(path string) {
	var want time.Time
	var allowed time.Duration
	for _, s := range f.states[path] {
		if s.node == nil {
			continue
		}
		c := f.owners[valueOf(s.node)]
		if !c.keeps {
			want, allowed = *s.node.Expiration, time.Second
			f.w.Count("kept TTLs", 1)
			continue
		}
		took := c.ended.Sub(c.began)
		if late := s.from.Sub(c.began); late > took {
			took = late
		}
		if len(c.sent) > 1 || c.err != nil || took > time.Second/2 {
			allowed += took + time.Second
		}
		if s.node.Expiration == nil {
			f.wrong(c, "it has lost its TTL")
		} else if off := s.node.Expiration.Sub(want); off.Abs() > allowed {
			f.wrong(c, "it expires %v off its time", off)
		}
	}
}

func valueOf(node *v2store.NodeExtern) string {
	if node == nil || node.Value == nil {
		return ""
	}
	return *node.Value
}

// times lists entries.
func times(entries []Applied) string {
	var all []string
	for _, a := range entries {
		all = append(all, fmt.Sprintf("%s at %d", a.At.Format("15:04:05.000"), a.Event.Node.ModifiedIndex))
	}
	return strings.Join(all, ", ")
}
