package follow

// Etcd 2.3.0 to 3.0.17 have a blind spot: a recursive poll that looks into the history does not find events
// on the watched key itself, but for one at the very index it begins from (mended in 3.1.0, "store: do not
// modify key during scanning"). On those servers a recursive watch has a second poll open, which is not
// recursive and finds them, and holds back what the first has brought until the second has shown that there
// is nothing before it.

// heldBack returns the poll whose answer waits for that of the key itself, if there is one.
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

// openKeyPoll opens the poll of the key itself, of which nothing between since and from concerns the watch.
func (f *follower) openKeyPoll(from, since uint64) {
	if f.nextKeyPoll != nil {
		f.abandon(f.nextKeyPoll) // it was to follow another
	}
	f.keyPoll = f.open(&poll{from: from, keyOnly: true, since: since})
}

// renewKeyPoll opens the poll that is to take the place of the poll of the key itself.
func (f *follower) renewKeyPoll() {
	if f.keyPoll != nil && f.keyPoll.event == nil && f.nextKeyPoll == nil {
		f.nextKeyPoll = f.open(&poll{from: f.next, keyOnly: true, since: f.next})
	}
}

// keyPollFailed notes that the poll of the key itself, or the next one, has ended without an event. It
// reports whether that is of no consequence: the history has moved on, but the present one looks on.
func (f *follower) keyPollFailed(next bool, kind Kind) bool {
	if !next || f.keyPoll == nil || kind != Cleared {
		return false
	}
	f.nextKeyPoll = f.open(&poll{fromNow: true, keyOnly: true})
	return true
}

// tickKeyPolls counts a coarse tick of the polls of the key itself.
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

// replaces reports whether a poll that looks for the same as an older one can miss nothing that that one
// brings: it has searched the history, or both have been open for long.
func (p *poll) replaces() bool {
	return p.registered && !p.fromNow || p.openForLong()
}

// keyPollSilent reports whether the poll of the key itself shows that there is nothing from the next index to
// be delivered on.
func (f *follower) keyPollSilent() bool {
	return f.keyPoll != nil && f.keyPoll.silent() && f.keyPoll.since <= f.next && (f.nextKeyPoll == nil || f.nextKeyPoll.fromNow)
}

// firstWithKeyPoll returns which event is the next to be delivered, if that is known, where the poll of the
// key itself counts. The argument is the event that the other polls have brought, by p.
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

// searched reports whether an open poll has shown that there is nothing in the history up to index, which the
// poll of the key itself has brought. One whose header a proxy holds back has, if it was sent after that.
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

// discardKeyPoll lets go of the poll of the key itself when an event on that, or on what it is in, has been
// delivered: the poll would bring it again.
func (f *follower) discardKeyPoll(key string) {
	if f.keyPoll != nil && f.watch.AtOrAbove(key) {
		f.abandon(f.keyPoll)
	}
}
