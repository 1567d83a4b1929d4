package follow

import (
	"context"
	"sync/atomic"
	"time"
)

// poll is one long poll: a request for the first event at or behind an index.
type poll struct {
	from    uint64
	fromNow bool   // begins from now, at an index that is asked for first; from is 0 until then
	keyOnly bool   // of the key itself alone, see blindspot.go
	since   uint64 // of the key itself: nothing from here to from concerns the watch
	sent    time.Time
	known   uint64 // next when it was sent: its member should have reached what is before
	cancel  context.CancelFunc

	index       uint64 // the store's, when the poll arrived there
	registered  bool   // its header has come
	blind       bool   // it may have left out events of the key itself up to index
	ticks       int    // since the last of: it was sent, registered, confirmed, answered
	event       Event
	answered    time.Time   // when event came
	confirmed   atomic.Bool // its member has answered a question that was asked after it was sent and, then, registered
	silentAfter int         // ticks after which it counts as silent without
	counted     bool        // a tick has come since
	held        int         // ticks since it was answered, where the answer is held back
}

// silent reports whether a poll has shown that there was nothing for it in the history. Time alone shows
// nothing: the member may have been stopped right behind the header. So its member must have confirmed that it
// lives, and only where nobody ever does it counts that much time has passed.
func (p *poll) silent() bool {
	return p.event == nil && (p.counted && p.ticks >= quietTicks || p.ticks >= p.silentAfter)
}

// established reports whether a poll has been waiting for so long that older ones are no longer needed: it
// looked into the history when it came, and has been open since.
func (p *poll) established() bool { return p.event == nil && (p.silent() || p.ticks >= handOverTicks) }

// openForLong reports whether a poll has been open for as long as it must be to take another's place without
// having searched the history.
func (p *poll) openForLong() bool { return p.from != 0 && p.ticks >= handOverTicks }

// tick counts a coarse tick.
func (p *poll) tick() {
	p.ticks++
	if p.confirmed.Load() && !p.counted {
		p.counted, p.ticks = true, 0
	}
}

// poll opens a poll. From 0 means from now.
func (f *follower) poll(from uint64) *poll {
	p := f.open(&poll{from: from, fromNow: from == 0})
	f.polls = append(f.polls, p)
	return p
}

func (f *follower) open(p *poll) *poll {
	ctx, cancel := context.WithCancel(f.ctx)
	p.sent, p.known, p.cancel, p.silentAfter = time.Now(), f.next, cancel, pulselessTicks
	if f.watch.Pulsed {
		p.silentAfter = unconfirmedTicks
	}
	f.running.Go(func() {
		defer cancel()
		f.ask(ctx, p)
	})
	return p
}

// ask sends a poll and does what follows from its answer.
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
		p.blind, f.blind = blind, f.blind || blind
		return f.registered(p, answer)
	})
	event, err := answer.Next()
	f.do(func() error {
		if err != nil { // the connection broke, or something else than etcd answered
			return f.failed(p, Passing, err)
		}
		return f.answered(p, event)
	})
}

// begin returns the index that a poll begins from. For one from now it asks for that.
func (f *follower) begin(ctx context.Context, p *poll) (from uint64, err error) {
	if p.from != 0 {
		return p.from, nil
	}
	present, err := f.watch.Source.Present(ctx)
	if err != nil {
		return 0, err
	}
	f.do(func() error {
		p.from, p.ticks = present+1, 0
		return nil
	})
	return present + 1, nil
}

// pulse notes a sign of life of the member that a poll waits on.
func (f *follower) pulse(p *poll, confirmed bool) {
	f.lives()
	if confirmed {
		p.confirmed.Store(true)
	}
}
