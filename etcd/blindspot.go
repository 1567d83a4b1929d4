package etcd

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Etcd 2.3.0 to 3.0.17 have a blind spot: a recursive poll that looks into the history does not find
// events on the watched key itself, but for one at the very index it begins from (mended in 3.1.0,
// "store: do not modify key during scanning"). On those servers a recursive watch has a second poll
// open, which is not recursive and finds them, and holds back what the first has brought until the
// second has shown that there is nothing before it.

// How long an event is held back for an answer of the other poll that may be on its way.
const (
	heldTick  = 10 * time.Millisecond
	heldTicks = 2
)

// heldBack returns the poll whose answer waits for that of the key itself, if there is one.
func (f *follower) heldBack() *poll {
	if f.self == nil {
		return nil
	}
	for _, p := range f.polls {
		if p.blind && p.event != nil && p.from <= f.watch.next {
			return p
		}
	}
	return nil
}

// hasBlindSpot reports whether the server that answered a poll may have left out events of the
// watched key. One whose version cannot be learned is taken to.
func (w *watch) hasBlindSpot(ctx context.Context, from uint64, resp *http.Response) bool {
	if !w.recursive || headerNumber(resp, "X-Etcd-Index") <= from {
		return false
	}
	cluster := w.client.cluster
	m := cluster.roster.find(resp.Request.URL)
	if m == nil {
		return true
	}
	version := cluster.versionOf(ctx, m)
	return version == "" || atLeast(version, 2, 3, 0) && !atLeast(version, 3, 1, 0)
}

// versionOf returns the version that m runs; empty where it does not tell. It asks once.
func (c *cluster) versionOf(ctx context.Context, m *member) string {
	if known := m.version.Load(); known != nil {
		return *known
	}
	version, err := decodeVersion(c.inquire(ctx, m, http.MethodGet, versionPath, dialTimeout))
	if err == nil {
		m.version.Store(&version.Server)
	}
	return version.Server
}

// lookAtSelf opens the poll of the key itself, of which nothing between since and from concerns the watch.
func (f *follower) lookAtSelf(from, since uint64) {
	if f.nextSelf != nil {
		f.abandon(f.nextSelf) // it was to follow another
	}
	f.self = f.open(&poll{from: from, self: true, since: since})
}

// renewSelf opens the poll that is to take the place of the poll of the key itself.
func (f *follower) renewSelf() {
	if f.self != nil && f.self.event == nil && f.nextSelf == nil {
		f.nextSelf = f.open(&poll{from: f.watch.next, self: true, since: f.watch.next})
	}
}

// selfFailed notes that the poll of the key itself, or the next one, has ended without an event. It
// reports whether that is of no consequence: the history has moved on, but the present one looks on.
func (f *follower) selfFailed(next bool, err error) bool {
	if !next || f.self == nil || !errors.Is(err, ErrEventIndexCleared) {
		return false
	}
	f.nextSelf = f.open(&poll{now: true, self: true})
	return true
}

// tickSelf counts a coarse tick of the polls of the key itself.
func (f *follower) tickSelf() {
	for _, p := range []*poll{f.self, f.nextSelf} {
		if p != nil {
			p.tick()
		}
	}
	next := f.nextSelf
	switch {
	case next == nil:
	case f.self == nil || f.self.event != nil || next.event != nil:
		f.abandon(next)
	case next.replaces():
		if next.now {
			next.now, next.since = false, f.self.since
		}
		f.abandon(f.self)
		f.self, f.nextSelf = next, nil
	}
}

// replaces reports whether a poll that looks for the same as an older one can miss nothing that that one
// brings: it has searched the history, or both have been open for long.
func (p *poll) replaces() bool {
	return p.registered && !p.now || p.openForLong()
}

// selfSilent reports whether the poll of the key itself shows that there is nothing from the next index
// to be delivered on.
func (f *follower) selfSilent() bool {
	return f.self != nil && f.self.silent() && f.self.since <= f.watch.next && (f.nextSelf == nil || f.nextSelf.now)
}

// firstWithSelf returns which event is the next to be delivered, if that is known, where the poll of
// the key itself counts. The argument is the event that the other polls have brought, by p.
func (f *follower) firstWithSelf(p *poll) *Response {
	next, self := f.watch.next, f.self
	if self == nil {
		return nil // it is about to be opened
	}
	if self.event != nil {
		index := self.event.Node.ModifiedIndex
		switch {
		case p != nil && p.event.Node.ModifiedIndex <= index:
			return p.event
		case p != nil || f.searched(index):
			return self.event
		}
		return nil
	}
	if p != nil && self.since <= next && self.silent() && p.held >= heldTicks {
		return p.event
	}
	return nil
}

// searched reports whether an open poll has shown that there is nothing in the history up to index,
// which the poll of the key itself has brought. One whose header a proxy holds back has, if it was
// sent after that.
func (f *follower) searched(index uint64) bool {
	for _, p := range f.polls {
		if !p.silent() || p.now || p.from > f.watch.next {
			continue
		}
		if p.registered && p.index >= index || !p.registered && p.sent.After(f.self.answered) {
			return true
		}
	}
	return false
}

// discardSelf lets go of the poll of the key itself when an event on that, or on what it is in, has
// been delivered: the poll would bring it again.
func (f *follower) discardSelf(key string) {
	if f.self != nil && (key == f.watch.key || below(f.watch.key, key)) {
		f.abandon(f.self)
	}
}
