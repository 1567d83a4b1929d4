package follow

// Etcd 2.3.0 to 3.0.17 have a blind spot: a recursive poll that searches the history does not find events on
// the watched key itself, except one at the very index that the poll begins from (fixed in 3.1.0, "store: do
// not modify key during scanning"). On those servers a recursive watch has a second poll open, the key poll,
// which is not recursive and finds these events. The watch holds back what the first poll has returned until
// the key poll has shown that there is nothing before it.

// heldBack returns the poll whose event waits for the key poll, or nil if there is none.
func (f *follower) heldBack() *poll {
	if f.keyPoll == nil {
		return nil
	}
	for _, p := range f.polls {
		if p.blind && p.event != nil && p.from <= f.next {
			return p
		}
	}
	return nil
}

// openKeyPoll opens the key poll at from. No event of the key itself between since and from concerns the
// watch.
func (f *follower) openKeyPoll(from, since uint64) {
	if f.nextKeyPoll != nil {
		f.abandon(f.nextKeyPoll) // it was to replace another key poll
	}
	f.keyPoll = f.open(&poll{from: from, keyOnly: true, since: since})
}

// renewKeyPoll opens the poll that is to replace the key poll.
func (f *follower) renewKeyPoll() {
	if f.keyPoll != nil && f.keyPoll.event == nil && f.nextKeyPoll == nil {
		f.nextKeyPoll = f.open(&poll{from: f.next, keyOnly: true, since: f.next})
	}
}

// keyPollFailed records that the key poll, or, if next is set, the next key poll, has ended without an event.
// It reports whether this does not matter: the history has moved on, but the present key poll is still open.
func (f *follower) keyPollFailed(next bool, kind Kind) bool {
	if !next || f.keyPoll == nil || kind != Cleared {
		return false
	}
	f.nextKeyPoll = f.open(&poll{fromNow: true, keyOnly: true})
	return true
}

// tickKeyPolls counts a coarse tick of the key poll and of the next one, which replaces it when it can.
func (f *follower) tickKeyPolls() {
	for _, p := range []*poll{f.keyPoll, f.nextKeyPoll} {
		if p != nil {
			p.tick()
		}
	}
	next := f.nextKeyPoll
	switch {
	case next == nil:
	case f.keyPoll == nil || f.keyPoll.event != nil || next.event != nil:
		f.abandon(next)
	case next.replaces():
		if next.fromNow {
			next.fromNow, next.since = false, f.keyPoll.since
		}
		f.abandon(f.keyPoll)
		f.keyPoll, f.nextKeyPoll = next, nil
	}
}

// replaces reports whether p can replace an older poll for the same events without missing one: p has
// searched the history, or both polls have been open for long.
func (p *poll) replaces() bool {
	return p.registered && !p.fromNow || p.openForLong()
}

// keyPollSilent reports whether the key poll shows that the key itself has no event from next on.
func (f *follower) keyPollSilent() bool {
	return f.keyPoll != nil && f.keyPoll.silent() && f.keyPoll.since <= f.next && (f.nextKeyPoll == nil || f.nextKeyPoll.fromNow)
}

// firstWithKeyPoll returns the next event to deliver, taking the key poll into account, or nil if that event
// is not known yet. p is the poll with the first event of the other polls, or nil if they have none.
func (f *follower) firstWithKeyPoll(p *poll) Event {
	next, self := f.next, f.keyPoll
	if self == nil {
		return nil // it is about to be opened
	}
	if self.event != nil {
		index := self.event.ModifiedIndex()
		switch {
		case p != nil && p.event.ModifiedIndex() <= index:
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

// searched reports whether an open poll has shown that the history has nothing before the event at index,
// which the key poll has returned. A poll whose header a proxy holds back has shown this if it was sent after
// the key poll was answered.
func (f *follower) searched(index uint64) bool {
	for _, p := range f.polls {
		if !p.silent() || p.fromNow || p.from > f.next {
			continue
		}
		if p.registered && p.index >= index || !p.registered && p.sent.After(f.keyPoll.answered) {
			return true
		}
	}
	return false
}

// discardKeyPoll abandons the key poll after the delivery of an event on the watched key or on a directory
// above it, because the poll would return that event again.
func (f *follower) discardKeyPoll(key string) {
	if f.keyPoll != nil && f.watch.AtOrAbove(key) {
		f.abandon(f.keyPoll)
	}
}
