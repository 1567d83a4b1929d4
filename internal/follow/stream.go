package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// stream is a request that the server answers with one event after another. At high rates it is the cheapest
// request for both sides, but it has pitfalls: the server silently drops a stream that is not read fast
// enough, a stream that begins in the past yields one event and then none, and a proxy may hold a stream
// back. So a stream begins from now, and polls fetch what lies before. One poll ahead of the stream, the
// sentinel, shows when the stream should have received an event and has not. The events received until then
// have no gap.
type stream struct {
	cancel   context.CancelFunc
	opened   bool
	start    uint64  // it receives everything after this index
	held     []Event // received and not yet delivered
	brought  bool    // it has received an event
	passed   uint64  // the index at which the sentinel last saw an event
	expected uint64  // the highest at which the stream should receive an event
	silent   int     // ticks without an event
	closing  bool
	lost     bool // the server has dropped it
}

// streaming reports whether the stream will receive the next event.
func (f *follower) streaming() bool {
	return f.stream != nil && f.stream.opened && !f.stream.closing && f.stream.start < f.base()
}

// openStream opens a stream, unless there is one or streams do not work here. Etcd 0.x, which has no cluster
// ID, keeps one event for a stream that is not read at once, and puts no line feed between the events.
func (f *follower) openStream() {
	if f.stream != nil || f.cluster == "" || time.Now().Before(f.pace.streamless) {
		return
	}
	ctx, cancel := context.WithCancel(f.ctx)
	s := &stream{cancel: cancel}
	f.stream = s
	f.running.Go(func() {
		defer cancel()
		kind, err := f.read(ctx, s)
		f.do(func() error { return f.streamEnded(s, kind, err) })
	})
}

// read keeps the events of the stream until it ends.
func (f *follower) read(ctx context.Context, s *stream) (Kind, error) {
	answer, err := f.watch.Source.Stream(ctx)
	if err != nil {
		return f.watch.Source.Kind(err), err
	}
	defer answer.Close()
	f.do(func() error { return f.streamOpened(s, answer) })
	for err == nil {
		var events []Event
		events, err = answer.Available()
		f.do(func() error {
			s.add(events, f.delivered)
			return nil
		})
	}
	return Passing, err
}

// add keeps the events that have not been delivered. A deletion may arrive twice.
func (s *stream) add(events []Event, delivered uint64) {
	for _, event := range events {
		s.brought, s.silent = true, 0
		if event.ModifiedIndex() > delivered {
			s.held = append(s.held, event)
		}
	}
}

func (f *follower) streamOpened(s *stream, answer Answer) error {
	s.opened, s.silent = true, 0
	s.start, _ = answer.Index()
	f.pace.registered(s.start, time.Now())
	if s.start == 0 { // the header does not report where the stream begins
		f.closeStream()
	}
	return f.identify(answer.Cluster())
}

// streamEnded records that the stream has ended.
func (f *follower) streamEnded(s *stream, kind Kind, err error) error {
	f.stream, f.sentinel = nil, nil
	f.pace.streamEnded(s.brought)
	switch {
	case s.lost:
		f.openStream()
		return nil
	case s.closing:
		return nil
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return f.again(kind, err)
}

// closeStream ends the stream. The events that it has received are still delivered.
func (f *follower) closeStream() {
	f.stream.closing, f.sentinel = true, nil
	f.stream.cancel()
}

// watchStream checks at every tick whether the stream still works and is still needed.
func (f *follower) watchStream() {
	s := f.stream
	if s.silent++; s.closing {
		return
	}
	switch missed := s.expected > f.delivered; {
	case !s.opened && s.silent >= streamPatient:
		f.closeStream()
	case s.opened && missed && s.silent >= streamGrace && f.streaming():
		f.watch.Reopened(f.delivered, fmt.Errorf("the server has let go of the stream: the event at %d has not come", s.expected))
		f.pace.behind(s.expected - f.delivered)
		s.lost = true
		f.closeStream()
	case s.opened && !missed && s.silent >= streamQuiet:
		f.pace.caughtUp()
		s.brought = true // it received nothing because there was nothing
		f.closeStream()
	}
}
