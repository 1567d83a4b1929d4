package follow

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// poll is one long poll: a request for the first event at or after an index.
type poll struct {
	role   role
	phase  phase
	from   uint64 // 0 until the present index is known, if it begins from now
	sent   time.Time
	known  uint64 // the base when it was sent: its member should have reached what is before it
	cancel context.CancelFunc
	ahead  atomic.Bool // it holds a part of Watch.Ahead

	answer     Answer    // once its header has arrived
	registered time.Time // when that was
	index      uint64    // of the store then
	reached    uint64    // the last index that its member is known to have reached
	blind      bool      // it may have omitted events of the key itself up to index
	event      Event     // if it was answered
	answeredAt time.Time // when that was

	age       int         // coarse ticks since it was sent, registered or asked to end, whichever came last
	asking    bool        // its member how far it has come
	askAt     int         // its age at which to ask that again
	overdue   int         // ticks for which it could not be replaced, because its member had not come far enough
	confirmed atomic.Bool // its member answered a question asked since it was sent or, later, registered
	aliveAt   int         // its age at the first tick after that; 0 before
	wasSilent bool        // when it was asked to end
	asked     time.Time   // when that was
	proves    uint64      // what its end without an event proves: nothing up to this index; 0 for nothing
	expect    uint64      // the first event that was delivered without it and that it must return, or an earlier one; 0 for none
}

// role is what a poll is for.
type role int

const (
	search  role = iota // searches the history and then waits
	present             // begins from now, because the history does not reach back to the base
	own                 // of the key itself only; see blindspot.go
)

// phase is how far a poll has come. The table in doc.go says how each ends.
type phase int

const (
	sent     phase = iota
	waiting        // at its member: its header has arrived
	silent         // for so long that it seems to show that the history had nothing for it
	ending         // replaced, and asked to end; until it does, its answer still counts
	answered       // its event has not been delivered
)

// open reports whether an event may still come from the poll, without a request to end it.
func (p *poll) open() bool { return p.phase < ending }

// waits reports whether the poll will return the next event.
func (p *poll) waits() bool { return p.open() && p.role != present }

// established reports whether a poll has waited for so long that another one may be made. It may be of a member
// that nothing confirms to be alive.
func (p *poll) established() bool { return p.phase == silent || p.open() && p.age >= handOverTicks }

// openForLong reports whether the poll has been open for so long that members seldom still lag behind what another
// one had when it arrived.
func (p *poll) openForLong() bool { return p.from != 0 && p.age >= handOverTicks }

// tick counts a coarse tick. Time alone does not make a poll silent, because the member may have been stopped
// right after the header. So the member must have confirmed that it is alive. If no confirmation ever comes,
// patience, a much longer time, counts instead.
func (p *poll) tick(patience int) {
	p.age++
	if p.aliveAt == 0 && p.confirmed.Load() {
		p.aliveAt = p.age
	}
	quiet := p.aliveAt == 0 && p.age >= patience || p.aliveAt != 0 && p.age >= p.aliveAt+quietTicks
	if quiet && p.open() {
		p.phase = silent
	}
}

// patience returns after how many ticks a poll counts as silent without any confirmation.
func (f *follower) patience() int {
	if f.watch.Pulsed {
		return unconfirmedTicks
	}
	return pulselessTicks
}

// poll opens a poll from an index; 0 means from now.
func (f *follower) poll(from uint64) *poll {
	p := &poll{from: from}
	if from == 0 {
		p.role = present
	}
	f.send(p)
	f.polls = append(f.polls, p)
	return p
}

func (f *follower) send(p *poll) {
	ctx, cancel := context.WithCancel(f.ctx)
	p.sent, p.known, p.cancel = time.Now(), f.base(), cancel
	f.running.Go(func() {
		defer cancel()
		defer f.giveBack(p)
		f.ask(ctx, p)
	})
}

// ask sends a poll and does the steps that follow from its answer.
func (f *follower) ask(ctx context.Context, p *poll) {
	source := f.watch.Source
	from, err := f.begin(ctx, p)
	var answer Answer
	if err == nil {
		answer, err = source.Poll(ctx, from, p.role == own, func(confirmed bool) { f.pulse(p, confirmed) })
	}
	if err != nil {
		f.do(func() error { return f.failed(p, source.Kind(err), err) })
		return
	}
	defer answer.Close()
	blind := p.role != own && answer.Blind(ctx, from)
	f.do(func() error {
		p.answer, p.blind, f.blind = answer, blind, f.blind || blind
		return f.registered(p)
	})
	event, err := answer.Next()
	f.do(func() error {
		switch {
		case errors.Is(err, ErrFinished):
			return f.finished(p)
		case err != nil: // the connection broke, or something other than etcd answered
			return f.failed(p, Passing, err)
		}
		return f.answered(p, event)
	})
}

// begin returns the index that a poll begins from. If the poll begins from now, it asks for that index first.
func (f *follower) begin(ctx context.Context, p *poll) (from uint64, err error) {
	if p.from != 0 {
		return p.from, nil
	}
	now, err := f.watch.Source.Present(ctx)
	if err != nil {
		return 0, err
	}
	f.do(func() error {
		p.from, p.age, p.aliveAt = now+1, 0, 0
		return nil
	})
	return now + 1, nil
}

// pulse records a sign of life of the member that a poll waits on.
func (f *follower) pulse(p *poll, confirmed bool) {
	f.lives()
	if confirmed {
		p.confirmed.Store(true)
	}
}

// sameMember reports whether two polls wait at the same member, which has then reached the index at which the
// newer one arrived.
func sameMember(p, newer *poll) bool {
	return p.answer != nil && newer.answer != nil && p.answer.At() == newer.answer.At()
}
