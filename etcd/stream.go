package etcd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// How long a stream may be silent, in ticks of streamTick.
const (
	streamTick    = 2 * time.Millisecond
	streamGrace   = 3   // when the sentinel has seen an event that the stream has not brought
	streamQuiet   = 50  // when there is no event at all
	streamPatient = 500 // until its header has come
)

// streamRoom is how many bytes of a stream are read at once, if that many have come.
const streamRoom = 32 << 10

// stream is a request that the server answers with one event after the other. At high rates nothing
// else is as cheap for both sides, but it has traps: the server lets go of one that is not read
// fast enough, without a word; begun in the past it brings one event and then none; and a
// proxy may hold it back. So it begins from now; polls fetch what lies before; and one poll ahead of
// it, the sentinel, tells when it should have brought something and has not. What it brought until
// then is without a gap.
type stream struct {
	cancel   context.CancelFunc
	opened   bool
	start    uint64      // it brings everything behind
	held     []*Response // brought, and not yet delivered
	brought  bool        // anything
	passed   uint64      // the sentinel has seen an event there, and
	expected uint64      // there one that the stream should bring
	silent   int         // ticks
	closing  bool
	lost     bool // the server had let go of it
}

// streaming reports whether the stream is the one that brings the next event.
func (f *follower) streaming() bool {
	return f.stream != nil && f.stream.opened && !f.stream.closing && f.stream.start < f.watch.next
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
		err := f.read(ctx, s)
		f.do(func() error { return f.streamEnded(s, err) })
	})
}

// read keeps what the stream brings, until it ends.
func (f *follower) read(ctx context.Context, s *stream) error {
	resp, err := f.watch.request(ctx, 0, false, true)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	f.do(func() error { return f.streamOpened(s, resp) })
	for lines := bufio.NewReaderSize(resp.Body, streamRoom); err == nil; {
		var events []*Response
		events, err = f.watch.readAvailable(lines, resp)
		f.do(func() error {
			s.add(events, f.watch.next)
			return nil
		})
	}
	return err
}

// readAvailable returns the next event and those that have come with it, and what ends the stream.
func (w *watch) readAvailable(lines *bufio.Reader, resp *http.Response) ([]*Response, error) {
	const most = 128
	var events []*Response
	for {
		line, err := nextLine(lines)
		if err != nil {
			return events, err
		}
		event, err := decodeEvent(resp, line)
		if err != nil {
			return events, err
		}
		if err := w.client.cluster.vigil.check(resp, event); err != nil {
			return events, err
		}
		if events = append(events, event); len(events) == most || !hasLine(lines) {
			return events, nil
		}
	}
}

// nextLine returns the next line, which is good until the next call.
func nextLine(lines *bufio.Reader) ([]byte, error) {
	line, err := lines.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	line = slices.Clone(line)
	rest, err := lines.ReadBytes('\n')
	return append(line, rest...), err
}

// hasLine reports whether a whole line has been read already.
func hasLine(lines *bufio.Reader) bool {
	read, _ := lines.Peek(lines.Buffered())
	return bytes.IndexByte(read, '\n') >= 0
}

// add keeps the events from next on. A deletion may come twice.
func (s *stream) add(events []*Response, next uint64) {
	for _, event := range events {
		s.brought, s.silent = true, 0
		if event.Node.ModifiedIndex >= next {
			s.held = append(s.held, event)
		}
	}
}

func (f *follower) streamOpened(s *stream, resp *http.Response) error {
	s.opened, s.start, s.silent = true, headerNumber(resp, "X-Etcd-Index"), 0
	f.pace.registered(s.start, time.Now())
	if s.start == 0 { // it does not say where it begins
		f.closeStream()
	}
	return f.identify(resp.Header.Get("X-Etcd-Cluster-Id"))
}

// streamEnded notes that nothing more comes from the stream.
func (f *follower) streamEnded(s *stream, err error) error {
	f.stream, f.sentinel = nil, nil
	f.pace.streamEnded(s.brought)
	switch {
	case s.lost:
		f.openStream()
		return nil
	case s.closing:
		return nil
	case final(err):
		return f.watch.ended(err)
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
	switch missed := s.expected >= f.watch.next; {
	case !s.opened && s.silent >= streamPatient:
		f.closeStream()
	case s.opened && missed && s.silent >= streamGrace && f.streaming():
		f.watch.client.cluster.observe(WatchReopened{
			f.watch.key, f.watch.next - 1,
			fmt.Errorf("the server has let go of the stream: the event at %d has not come", s.expected),
		})
		f.pace.behind(s.expected - f.watch.next + 1)
		s.lost = true
		f.closeStream()
	case s.opened && !missed && s.silent >= streamQuiet:
		f.pace.caughtUp()
		s.brought = true // that it brought nothing is no fault of it
		f.closeStream()
	}
}
