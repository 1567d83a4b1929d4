package follow

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// poll is one long poll: a request for the first event at or after an index.
type poll struct {
	from    uint64
	fromNow bool // begins from now; from is 0 until the present index is known
	keyOnly bool // of the key itself only; see blindspot.go
	sent    time.Time
	known   uint64 // the base when it was sent: its member should have reached what is before it
	cancel  context.CancelFunc
	answer  Answer // once its header has arrived

	index        uint64 // of the store when the poll arrived
	registered   bool   // its header has arrived
	blind        bool   // it may have omitted events of the key itself up to index
	ticks        int    // since it was sent, registered, confirmed or answered, whichever came last
	age          int    // ticks since it was sent or, later, registered
	event        Event
	registeredAt time.Time   // when its header arrived
	answeredAt   time.Time   // when event arrived
	confirmed    atomic.Bool // its member answered a question asked since it was sent or, later, registered
	silentAfter  int         // ticks after which it counts as silent without being confirmed
	counted      bool        // a tick has come since it was confirmed

	// A poll that another one has replaced is asked to end. Until it does, its answer still counts.
	ending    bool
	wasSilent bool   // before
	proves    uint64 // what its end without an event proves: nothing up to this index; 0 for nothing
	expect    uint64 // the first event that was delivered without it and that it must return, or an earlier one; 0 for none
}

// silent reports whether a poll seems to show that the history had nothing for it. Time alone shows nothing,
// because the member may have been stopped right after the header. So the member must have confirmed that it
// is alive. If no confirmation ever comes, a much longer time counts instead.
func (p *poll) silent() bool {
	return p.event == nil && (p.counted && p.ticks >= quietTicks || p.ticks >= p.silentAfter)
}

// established reports whether a poll has waited for so long that another one may be made. It may be of a member
// that nothing confirms to be alive.
func (p *poll) established() bool { return p.event == nil && (p.silent() || p.ticks >= handOverTicks) }

// openForLong reports whether no member that has a leader can still lag behind what another one had when the
// poll arrived.
func (p *poll) openForLong() bool { return p.from != 0 && p.age >= handOverTicks }

// waits reports whether the poll will return the next event.
func (p *poll) waits() bool { return p.event == nil && !p.fromNow && !p.ending }

// tick counts a coarse tick.
func (p *poll) tick() {
	p.ticks++
	p.age++
	if p.confirmed.Load() && !p.counted {
		p.counted, p.ticks = true, 0
	}
}

// poll opens a poll from an index; 0 means from now.
func (f *follower) poll(from uint64) *poll {
	p := f.open(&poll{from: from, fromNow: from == 0})
	f.polls = append(f.polls, p)
	return p
}

func (f *follower) open(p *poll) *poll {
	ctx, cancel := context.WithCancel(f.ctx)
	p.sent, p.known, p.cancel, p.silentAfter = time.Now(), f.base(), cancel, pulselessTicks
	if f.watch.Pulsed {
		p.silentAfter = unconfirmedTicks
	}
	f.running.Go(func() {
		defer cancel()
		f.ask(ctx, p)
	})
	return p
}

// ask sends a poll and does the steps that follow from its answer.
func (f *follower) ask(ctx context.Context, p *poll) {
	source := f.watch.Source
	from, err := f.begin(ctx, p)
	var answer Answer
	if err == nil {
		answer, err = source.Poll(ctx, from, p.keyOnly, func(confirmed bool) { f.pulse(p, confirmed) })
	}
	if err != nil {
		f.do(func() error { return f.failed(p, source.Kind(err), err) })
		return
	}
	defer answer.Close()
	blind := !p.keyOnly && answer.Blind(ctx, from)
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
	present, err := f.watch.Source.Present(ctx)
	if err != nil {
		return 0, err
	}
	f.do(func() error {
		p.from, p.ticks, p.age = present+1, 0, 0
		return nil
	})
	return present + 1, nil
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
