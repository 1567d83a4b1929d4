package etcd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/feed"
	"github.com/etcdv2/client/internal/follow"
)

// A cluster that was wiped, or restored from a backup, under the same name has the same ID. If it has passed the
// index that a watch has come to, nothing in its answers shows that the indexes are those of another history.
// So after each interruption the watch looks for a landmark: a change that it knows to have happened.
//
// What remains undetected is a history that has the landmark, too: one that was restored from a backup of later
// than the landmark, or in which the same was written at the same index. So is one that has come so far that the server
// no longer has the events up to the landmark, unless the node at its key or the raft term shows the difference.

// landmark is a change in the history that a watch follows.
type landmark struct {
	key               string
	created, modified uint64
	before            uint64 // of a deletion: when what was deleted was modified; 0 if that is not known
	value             string
	dir               bool
	gone              bool   // the change was a deletion
	event             uint64 // index of an event that shows it
	term              uint64
}

// landmarks keeps the latest landmark of a watch. The zero value has none.
type landmarks struct {
	latest atomic.Pointer[landmark]
	silent int // polls that have been silent where the landmark was looked for, and nothing else could show it
}

// saw makes an event the landmark.
func (l *landmarks) saw(event *Response) {
	if mark := landmarkOf(event); mark != nil {
		mark.event = mark.modified
		l.latest.Store(mark)
	}
}

// read makes the latest change that resp shows the landmark: what was read or written. If a Refresh was the change,
// it has no event, so what shows it is that the node was made.
func (l *landmarks) read(resp *Response) {
	if mark := landmarkOf(resp); mark != nil {
		if mark.event = mark.created; mark.gone {
			mark.event = mark.modified
		}
		l.latest.Store(mark)
	}
}

// term returns the raft term of the landmark, or 0 if there is none.
func (l *landmarks) term() uint64 {
	if mark := l.latest.Load(); mark != nil {
		return mark.term
	}
	return 0
}

// known returns the landmark as a feed takes it, or nil if there is none.
func (l *landmarks) known() feed.Landmark {
	if mark := l.latest.Load(); mark != nil {
		return mark
	}
	return nil
}

// Adds reports whether m is later than another landmark. If they were seen in two raft terms, each may be of another
// history, and m does not count.
func (m *landmark) Adds(to feed.Landmark) bool {
	other := to.(*landmark)
	return m.term == other.term && m.modified > other.modified
}

// Before reports whether an event can have come after m. Raft terms only grow in a history.
func (m *landmark) Before(e feed.Event) bool {
	term := e.(*event).RaftTerm
	return term == 0 || term >= m.term
}

// landmarkOf returns the latest change that resp shows, or nil if that is none.
func landmarkOf(resp *Response) *landmark {
	if isRemoval(resp) {
		mark := &landmark{key: resp.Node.Key, modified: resp.Node.ModifiedIndex, gone: true, term: resp.RaftTerm}
		if resp.PrevNode != nil {
			mark.before = resp.PrevNode.ModifiedIndex
		}
		return mark
	}
	var latest *Node
	for node := range resp.Node.Walk() {
		if latest == nil || latest.Dir || !node.Dir && node.ModifiedIndex > latest.ModifiedIndex {
			latest = node
		}
	}
	if latest.ModifiedIndex == 0 { // the root has none
		return nil
	}
	return &landmark{
		key: latest.Key, created: latest.CreatedIndex, modified: latest.ModifiedIndex,
		value: latest.Value, dir: latest.Dir, term: resp.RaftTerm,
	}
}

// KnowsHistory reports whether there is a landmark.
func (s *source) KnowsHistory() bool { return s.landmark() != nil }

// landmark returns the latest one that the watch knows, or those that it serves; nil if there is none.
func (s *source) landmark() *landmark {
	mark := s.marks.latest.Load()
	if s.others == nil {
		return mark
	}
	if other, _ := s.others().(*landmark); other != nil && (mark == nil || other.Adds(mark)) {
		return other
	}
	return mark
}

// CheckHistory returns an error if the history of the cluster does not have the landmark, or nil if there is
// no landmark yet.
func (s *source) CheckHistory(ctx context.Context) error {
	mark := s.landmark()
	if mark == nil {
		return nil
	}
	resp, err := s.now(ctx, mark)
	switch {
	case err != nil:
		return err
	case mark.isOfLaterTerm(resp):
		return fmt.Errorf("%w: its raft term is %d and was %d", ErrClusterRolledBack, resp.RaftTerm, mark.term)
	}
	same, known := mark.in(resp)
	if !known {
		if same, err = s.find(ctx, mark); err != nil {
			return err
		}
	}
	s.marks.silent = 0
	if !same {
		return fmt.Errorf("%w: the change of %s at index %d is not in its history", ErrClusterRolledBack, mark.key, mark.modified)
	}
	return nil
}

// now reads the landmark's key; it returns nil if the key is not there. A member that a snapshot has overtaken answers the
// next quorum read with its old raft term, which it notes a moment after, with each entry of the log (etcd 2.0 to 3.5). So
// an earlier term than the landmark's counts if the next read has it, too.
func (s *source) now(ctx context.Context, mark *landmark) (resp *Response, err error) {
	for range 2 {
		resp, err = s.client.Get(ctx, mark.key, WithQuorum())
		if err != nil || !mark.isOfLaterTerm(resp) {
			break
		}
	}
	return resp, unlessAbsent(err)
}

// isOfLaterTerm reports whether the landmark was seen in a later raft term than that of resp, which may be nil. Terms
// only grow in a history.
func (m *landmark) isOfLaterTerm(resp *Response) bool {
	return resp != nil && resp.RaftTerm > 0 && m.term > resp.RaftTerm
}

// in reports whether the node that is at the landmark's key shows that the landmark is in the history, if it
// shows that at all. No response says that there is none.
func (m *landmark) in(resp *Response) (same, known bool) {
	if resp == nil || resp.Node.Dir {
		return false, false
	}
	node := resp.Node
	switch {
	case m.gone:
		return false, node.CreatedIndex < m.modified // it would have been deleted
	case node.ModifiedIndex == m.modified:
		return node.CreatedIndex == m.created && node.Value == m.value, true
	case node.ModifiedIndex < m.modified:
		return false, true
	case node.CreatedIndex < m.modified:
		same = node.CreatedIndex == m.created
		// After an election the cluster may be one with a copy from between the two.
		return same, !same || resp.RaftTerm == m.term
	}
	return false, false // it was made again later
}

// isRemoval reports whether a response shows that a node has gone.
func isRemoval(resp *Response) bool {
	return resp.Action == ActionDelete || resp.Action == ActionExpire || resp.Action == ActionCompareAndDelete
}

// shownBy reports whether an event is that of the landmark. In another history, something else may have been done to
// the same key at the same index. The event of a directory may be that of the first key in it.
func (m *landmark) shownBy(event *Response) bool {
	node := event.Node
	switch {
	case node.ModifiedIndex != m.event, node.Key != m.key && !m.dir, isRemoval(event) != m.gone:
		return false
	case m.gone:
		before := landmarkOf(event).before
		return m.before == 0 || before == 0 || m.before == before
	}
	changedSince := m.event != m.modified
	return node.CreatedIndex == m.created && (m.dir || changedSince || node.Value == m.value)
}

// find looks for the landmark in the history. If that does not reach back so far, nothing contradicts the
// landmark. A poll that ends without it, when its member was asked to end it, proves that it is not there. Where
// the connection breaks instead, or that cannot be asked, and no poll has ended before, findAny looks. A poll that does
// not end shows nothing, and a member that has not reached the landmark may merely lag. Until it is settled whether
// the landmark is there, find returns errUnsettled.
func (s *source) find(caller context.Context, mark *landmark) (same bool, err error) {
	ctx, cancel := context.WithTimeout(caller, landmarkTime)
	defer cancel()
	at := &source{client: s.client, key: mark.key, recursive: mark.dir, served: s.served}
	answer, err := at.Poll(ctx, mark.event, false, nil)
	switch {
	case isCleared(err):
		return true, nil
	case err != nil:
		return false, err
	}
	defer answer.Close()
	if index, _ := answer.Index(); index < mark.event {
		return false, cmp.Or(s.CheckRolledBack(ctx, mark.event+1), errUnsettled)
	}
	var endless atomic.Bool
	timer := time.AfterFunc(follow.SearchTime, func() {
		if !answer.Finish() {
			endless.Store(true)
			cancel()
		}
	})
	defer timer.Stop()
	next, err := answer.Next()
	if err == nil {
		return mark.shownBy((*Response)(next.(*event))), nil
	}
	broken := !timer.Stop() && !answer.Cut()
	switch {
	case errors.Is(err, follow.ErrFinished):
		return false, nil
	case (broken || endless.Load()) && !answer.Ends():
		return s.findAny(caller, mark)
	}
	return false, errUnsettled
}

// findAny looks at the first event of all keys from the landmark on. If the landmark is in the history, that is its
// event: etcd 2.0 to 3.5 leave out nothing of their history, not even hidden nodes. Silence, which a connection could
// cause, shows nothing then. Only if the root is refused, two polls must have been silent.
func (s *source) findAny(ctx context.Context, mark *landmark) (same bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, landmarkTime)
	defer cancel()
	root := &source{client: s.client, key: "/", recursive: true, served: s.served}
	answer, err := root.Poll(ctx, mark.event, false, nil)
	var refused *Error
	switch {
	case isCleared(err):
		return true, nil
	case errors.As(err, &refused) && refused.StatusCode/100 == 4: // by etcd, or by a gateway
		if s.marks.silent++; s.marks.silent >= 2 {
			return false, nil
		}
		return false, errUnsettled
	case err != nil:
		return false, err
	}
	defer answer.Close()
	if index, _ := answer.Index(); index < mark.event { // what comes when it has caught up is not all
		return false, errUnsettled
	}
	next, err := answer.Next()
	if err != nil {
		return false, errUnsettled
	}
	return mark.shownBy((*Response)(next.(*event))), nil
}

// errUnsettled says that it could not be found out whether the history is the same.
var errUnsettled = errs.New("etcd: the history could not be searched")

// landmarkTime is how long the server may take to show a landmark.
const landmarkTime = 5 * time.Second
