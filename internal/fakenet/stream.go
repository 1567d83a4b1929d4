package fakenet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// buffered is how many bytes a direction of a line holds before its writer has to wait: about what kernels allow.
const buffered = 64 << 10

// stream is one direction of a line.
type stream struct {
	delay   func() time.Duration // of the next packet; nil for none
	reverse *stream

	mu        sync.Mutex
	queue     []packet
	size      int
	last      time.Time     // when the last packet arrives: none overtakes another
	ended     bool          // the writer has closed its end
	gone      bool          // the reader has closed its end
	err       error         // of a reset
	muted     bool          // what is written is lost
	forgotten bool          // and resets the connection
	holds     int           // while there are any, nothing arrives
	wake      chan struct{} // tells the reader of a change
	room      chan struct{} // tells the writer
}

// packet is what was written at once. The end of a stream is a packet without data.
type packet struct {
	data []byte
	at   time.Time // when it arrives
}

func newStream(delay func() time.Duration) *stream {
	return &stream{delay: delay, wake: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// change changes the stream, and tells both ends.
func (s *stream) change(how func()) {
	s.mu.Lock()
	how()
	s.mu.Unlock()
	tell(s.wake)
	tell(s.room)
}

// tell leaves a signal if there is none.
func tell(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// reset breaks the stream. What is on its way is lost.
func (s *stream) reset() {
	s.change(func() {
		if s.err == nil {
			s.err, s.queue = syscall.ECONNRESET, nil
		}
	})
}

// end ends the stream behind what has been written.
func (s *stream) end() {
	s.change(func() {
		if !s.ended && !s.muted {
			s.add(nil)
		}
		s.ended = true
		if s.forgotten {
			go s.reverse.reset()
		}
	})
}

// add puts a packet on its way. The caller holds mu.
func (s *stream) add(data []byte) {
	at := time.Now()
	if s.delay != nil {
		at = at.Add(s.delay())
	}
	if at.Before(s.last) {
		at = s.last
	}
	s.last = at
	s.queue = append(s.queue, packet{data, at})
	s.size += len(data)
}

// write takes all of p, or waits for room.
func (s *stream) write(p []byte, by *deadline) (int, error) {
	for {
		n, done, err := s.offer(p)
		if done {
			return n, err
		}
		select {
		case <-s.room:
		case <-by.passed():
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// offer returns false if there is no room.
func (s *stream) offer(p []byte) (n int, done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return 0, true, s.err
	case s.ended:
		return 0, true, net.ErrClosed
	case s.forgotten, s.gone && s.holds == 0 && !s.muted: // the other side answers with a reset
		go s.reverse.reset()
		return len(p), true, nil
	case s.muted, s.gone:
		return len(p), true, nil
	case s.size >= buffered:
		return 0, false, nil
	}
	s.add(append([]byte(nil), p...))
	tell(s.wake)
	return len(p), true, nil
}

// read waits for a packet.
func (s *stream) read(p []byte, by *deadline) (int, error) {
	for {
		n, wait, err := s.take(p)
		if n > 0 || err != nil {
			return n, err
		}
		if wait == 0 {
			wait = Forever
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.wake:
		case <-by.passed():
			n, err = 0, os.ErrDeadlineExceeded
		}
		timer.Stop()
		if err != nil {
			return n, err
		}
	}
}

// take returns what has arrived, or in what time the next packet does.
func (s *stream) take(p []byte) (n int, wait time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.gone:
		return 0, 0, net.ErrClosed
	case s.err != nil:
		return 0, 0, s.err
	case s.holds > 0 || len(s.queue) == 0:
		return 0, 0, nil
	}
	first := &s.queue[0]
	switch wait = time.Until(first.at); {
	case wait > 0:
		return 0, wait, nil
	case first.data == nil:
		return 0, 0, io.EOF
	}
	n = copy(p, first.data)
	if first.data = first.data[n:]; len(first.data) == 0 {
		s.queue = s.queue[1:]
	}
	s.size -= n
	tell(s.room)
	return n, 0, nil
}
