package etcd

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/gen"
)

// searchTime is how long a poll must have stayed without an event, after its header, to prove that
// there was none in the history: the server sends the header first and such an event right behind.
const searchTime = time.Second

// quietTicks is that time in ticks. Ticks are counted and not time measured, since after the
// process was stopped much time may have passed and nothing been read.
const quietTicks = 4

// How long a poll must have been silent where nobody vouches for it: because there is no vigil, or
// although there is one, whose questions a gateway may refuse.
const (
	vigillessTicks = 16
	vouchlessTicks = 80
)

// handOverTicks is how long two polls stay open together before the newer, which began from now, may
// take the place of the older. It is longer than a member is behind another that has a leader.
const handOverTicks = 16

// lingering is how long a poll that is no longer needed may take to be answered, which keeps its
// connection.
const lingering = 100 * time.Millisecond

// poll is one long poll: a request for the first event at or behind an index.
type poll struct {
	from   uint64
	now    bool   // begins from now, at an index that is asked for first; from is 0 until then
	self   bool   // of the key itself alone, see blindspot.go
	since  uint64 // of the key itself: nothing from here to from concerns the watch
	sent   time.Time
	known  uint64 // watch.next when it was sent: its member should have reached what is before
	cancel context.CancelFunc

	index      uint64 // the store's, when the poll arrived there
	registered bool   // its header has come
	blind      bool   // it may have left out events of the key itself up to index
	ticks      int    // since the last of: it was sent, registered, vouched for, answered
	event      *Response
	answered   time.Time   // when event came
	vouched    atomic.Bool // its member has answered a question that was asked after it was sent and, then, registered
	patience   int         // ticks after which it counts as silent without
	living     bool        // a tick has come since
	held       int         // ticks since it was answered, where the answer is held back
}

// silent reports whether a poll has shown that there was nothing for it in the history. Time alone
// shows nothing: the member may have been stopped right behind the header. So somebody must have
// vouched for it, and only where nobody ever does it counts that much time has passed.
func (p *poll) silent() bool {
	return p.event == nil && (p.living && p.ticks >= quietTicks || p.ticks >= p.patience)
}

// established reports whether a poll has been waiting for so long that older ones are no longer
// needed: it looked into the history when it came, and has been open since.
func (p *poll) established() bool { return p.event == nil && (p.silent() || p.ticks >= handOverTicks) }

// openForLong reports whether a poll has been open for as long as it must be to take another's place
// without having searched the history.
func (p *poll) openForLong() bool { return p.from != 0 && p.ticks >= handOverTicks }

// tick counts a coarse tick.
func (p *poll) tick() {
	p.ticks++
	if p.vouched.Load() && !p.living {
		p.living, p.ticks = true, 0
	}
}

// poll opens a poll. From 0 means from now.
func (f *follower) poll(from uint64) *poll {
	p := f.open(&poll{from: from, now: from == 0})
	f.polls = append(f.polls, p)
	return p
}

func (f *follower) open(p *poll) *poll {
	ctx, cancel := context.WithCancel(f.ctx)
	p.sent, p.known, p.cancel, p.patience = time.Now(), f.watch.next, cancel, vigillessTicks
	if f.watch.client.cluster.vigil.interval > 0 {
		p.patience = vouchlessTicks
	}
	f.running.Go(func() {
		defer cancel()
		f.ask(ctx, p)
	})
	return p
}

// ask sends a poll and does what follows from its answer.
func (f *follower) ask(ctx context.Context, p *poll) {
	from, err := p.from, error(nil)
	if from == 0 {
		if from, err = f.watch.client.present(ctx, f.watch.asked); err == nil {
			from++
			f.do(func() error {
				p.from, p.ticks = from, 0
				return nil
			})
		}
	}
	var resp *http.Response
	if err == nil {
		ctx = f.signs(ctx, p)
		resp, err = f.watch.request(ctx, from, p.self, false)
	}
	if err != nil {
		f.do(func() error { return f.failed(p, err) })
		return
	}
	defer resp.Body.Close()
	blind := !p.self && f.watch.hasBlindSpot(ctx, from, resp)
	f.do(func() error {
		p.blind, f.blind = blind, f.blind || blind
		return f.registered(p, resp)
	})
	event, err := f.watch.read(resp)
	f.do(func() error {
		if err != nil {
			return f.failed(p, err)
		}
		return f.answered(p, event)
	})
}

// signs returns ctx with what to do at signs of life of the member that the poll waits on.
func (f *follower) signs(ctx context.Context, p *poll) context.Context {
	return context.WithValue(ctx, signKey{}, func(vouches bool) {
		if f.watch.alive != nil {
			f.watch.alive()
		}
		if vouches {
			p.vouched.Store(true)
		}
	})
}

// request sends a request to wait, and returns when its header has come.
func (w *watch) request(ctx context.Context, from uint64, self, stream bool) (*http.Response, error) {
	wait := true
	params := &gen.GetKeyParams{Wait: &wait, Recursive: onlyTrue(w.recursive && !self), Stream: onlyTrue(stream)}
	if from > 0 {
		params.WaitIndex = &from
	}
	return w.client.gen.GetKey(ctx, strings.TrimPrefix(w.asked, "/"), params)
}

// read returns the event that a poll brings.
func (w *watch) read(resp *http.Response) (*Response, error) {
	body, err := readWhole(resp.Body)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if body.blank() {
		return nil, io.ErrUnexpectedEOF // a proxy whose server went away ends a poll like this
	}
	event, err := body.decode(resp)
	if err != nil {
		return nil, err
	}
	return event, w.client.cluster.vigil.check(resp, event)
}
