package etcd

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/etcdv2/client/gen"
)

// searchTime is how long a poll must have stayed without an event, after its header, to prove that
// there was none in the history: the server sends the header first and such an event right behind.
const searchTime = time.Second

// quietTicks is that time in ticks. Ticks are counted and not time measured, since after the
// process was stopped much time may have passed and nothing been read.
const quietTicks = 4

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
	ticks      int    // since the last of: it was sent, registered, answered
	event      *Response
	held       int // ticks since it was answered, where the answer is held back
}

// silent reports whether a poll has shown that there was nothing for it in the history. Some proxies
// hold the header back until there is an event; there the poll is given more time.
func (p *poll) silent() bool {
	return p.event == nil && (p.registered && p.ticks >= quietTicks || p.ticks >= handOverTicks)
}

// poll opens a poll. From 0 means from now.
func (f *follower) poll(from uint64) *poll {
	p := f.open(&poll{from: from, now: from == 0})
	f.polls = append(f.polls, p)
	return p
}

func (f *follower) open(p *poll) *poll {
	ctx, cancel := context.WithCancel(f.ctx)
	p.sent, p.known, p.cancel = time.Now(), f.watch.next, cancel
	f.running.Go(func() {
		defer cancel()
		f.ask(ctx, p)
	})
	return p
}

// ask sends a poll and hands in what comes of it.
func (f *follower) ask(ctx context.Context, p *poll) {
	from, err := p.from, error(nil)
	if from == 0 {
		if from, err = f.watch.present(ctx); err == nil {
			from++
			f.tell(func() error {
				p.from, p.ticks = from, 0
				return nil
			})
		}
	}
	var resp *http.Response
	if err == nil {
		resp, err = f.watch.request(ctx, from, p.self, false)
	}
	if err != nil {
		f.tell(func() error { return f.failed(p, err) })
		return
	}
	defer resp.Body.Close()
	blind := f.watch.hasBlindSpot(ctx, from, resp) && !p.self
	f.tell(func() error {
		p.blind, f.blind = blind, f.blind || blind
		return f.registered(p, resp)
	})
	event, err := f.watch.read(resp)
	f.tell(func() error {
		if err != nil {
			return f.failed(p, err)
		}
		return f.answered(p, event)
	})
}

// request sends a request to wait, and returns when its header has come.
func (w *watch) request(ctx context.Context, from uint64, self, stream bool) (*http.Response, error) {
	if w.alive != nil {
		ctx = context.WithValue(ctx, aliveKey{}, w.alive)
	}
	wait := true
	params := &gen.GetKeyParams{Wait: &wait, Recursive: onlyTrue(w.recursive && !self), Stream: onlyTrue(stream)}
	if from > 0 {
		params.WaitIndex = &from
	}
	return w.client.gen.GetKey(ctx, strings.TrimPrefix(w.key, "/"), params)
}

// read returns the event that a poll brings.
func (w *watch) read(resp *http.Response) (*Response, error) {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, io.ErrUnexpectedEOF // a proxy whose server went away ends a poll like this
	}
	event, err := decodeEvent(resp, body)
	if err != nil {
		return nil, err
	}
	return event, w.client.cluster.vigil.check(resp, event)
}
