package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// stream is a request that the server answers with one event after the other. At high rates nothing else is
// as cheap for both sides, but it has traps: the server lets go of one that is not read fast enough, without
// a word; begun in the past it brings one event and then none; and a proxy may hold it back. So it begins
// from now; polls fetch what lies before; and one poll ahead of it, the sentinel, tells when it should have
// brought something and has not. What it brought until then is without a gap.
type stream struct {
	cancel   context.CancelFunc
	opened   bool
	start    uint64  // it brings everything behind
	held     []Event // brought, and not yet delivered
	brought  bool    // anything
	passed   uint64  // the sentinel has seen an event there, and
	expected uint64  // there one that the stream should bring
	silent   int     // ticks
	closing  bool
	lost     bool // the server had let go of it
}

// streaming reports whether the stream is the one that brings the next event.
func (f *follower) streaming() bool {
	return f.stream != nil && f.stream.opened && !f.stream.closing && f.stream.start < f.next
}

// openStream opens a stream, unless there is one or they do not work here.
func (f *follower) openStream() {
	if f.stream != nil || time.Now().Before(f.pace.streamless) {
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

// read keeps what the stream brings, until it ends.
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
			s.add(events, f.next)
			return nil
		})
	}
	return Passing, err
}

// add keeps the events from next on. A deletion may come twice.
func (s *stream) add(events []Event, next uint64) {
	for _, event := range events {
		s.brought, s.silent = true, 0
		if event.ModifiedIndex() >= next {
			s.held = append(s.held, event)
		}
	}
}

func (f *follower) streamOpened(s *stream, answer Answer) error {
	s.opened, s.silent = true, 0
	s.start, _ = answer.Index()
	f.pace.registered(s.start, time.Now())
	if s.start == 0 { // it does not say where it begins
		f.closeStream()
	}
	return f.identify(answer.Cluster())
}

// streamEnded notes that nothing more comes from the stream.
func (f *follower) streamEnded(s *stream, kind Kind, err error) error {
	f.stream, f.sentinel = nil, nil
	f.pace.streamEnded(s.brought)
	switch {
	case s.lost:
		f.openStream()
		return nil
	case s.closing:
		return nil
	case kind != Passing:
		return f.endedBy(err)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	f.reopening(err)
	return nil
}

// closeStream ends the stream. What it has brought is still delivered.
func (f *follower) closeStream() {
	f.stream.closing, f.sentinel = true, nil
	f.stream.cancel()
}

// watchStream looks, with every tick, whether the stream is still worth its name.
func (f *follower) watchStream() {
	s := f.stream
	if s.silent++; s.closing {
		return
	}
	switch missed := s.expected >= f.next; {
	case !s.opened && s.silent >= streamPatient:
		f.closeStream()
	case s.opened && missed && s.silent >= streamGrace && f.streaming():
		f.watch.Reopened(f.next-1, fmt.Errorf("the server has let go of the stream: the event at %d has not come", s.expected))
		f.pace.behind(s.expected - f.next + 1)
		s.lost = true
		f.closeStream()
	case s.opened && !missed && s.silent >= streamQuiet:
		f.pace.caughtUp()
		s.brought = true // it brought nothing because there was nothing
		f.closeStream()
	}
}
