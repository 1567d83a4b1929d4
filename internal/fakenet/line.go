package fakenet

import (
	"net"
	"sync"
	"time"
)

// Line is a connection with buffers, as the kernels of both ends keep for TCP. Unlike the connections of a
// Network, it takes what is written without waiting for a reader. So a line that nothing passes any more can be
// simulated: its ends are told nothing. NewLine makes one.
type Line struct {
	up, down *stream
}

// NewLine returns a line and its ends. Each packet, which is what one Write has written, is delayed by what delay
// returns for it; a nil delay is none.
func NewLine(delay func() time.Duration) (l *Line, near, far net.Conn) {
	up, down := newStream(delay), newStream(delay)
	up.reverse, down.reverse = down, up
	return &Line{up, down}, newEnd(down, up), newEnd(up, down)
}

// Cut resets the connection. Both ends learn of it.
func (l *Line) Cut() {
	l.up.reset()
	l.down.reset()
}

// MuteUp loses what the near end writes from now on, also that it closes. Nobody is told.
func (l *Line) MuteUp() { l.up.change(func() { l.up.muted = true }) }

// MuteDown does so with what the far end writes.
func (l *Line) MuteDown() { l.down.change(func() { l.down.muted = true }) }

// Forget loses all that either end writes from now on. The connection is reset when one of them sends something, also
// that it closes, as if what is in between had forgotten the connection.
func (l *Line) Forget() {
	for _, s := range []*stream{l.up, l.down} {
		s.change(func() { s.muted, s.forgotten = true, true })
	}
}

// Hold keeps all packets from arriving until Release, which has to be called as often.
func (l *Line) Hold() { l.hold(1) }

// Release lets packets arrive that Hold has kept.
func (l *Line) Release() { l.hold(-1) }

func (l *Line) hold(n int) {
	l.up.change(func() { l.up.holds += n })
	l.down.change(func() { l.down.holds += n })
}

// end is an end of a line.
type end struct {
	in, out         *stream
	readBy, writeBy deadline
}

func newEnd(in, out *stream) *end {
	return &end{in: in, out: out, readBy: newDeadline(), writeBy: newDeadline()}
}

func (e *end) Read(p []byte) (int, error)  { return e.in.read(p, &e.readBy) }
func (e *end) Write(p []byte) (int, error) { return e.out.write(p, &e.writeBy) }

// CloseWrite makes the other end read io.EOF after what has been written.
func (e *end) CloseWrite() error {
	e.out.end()
	return nil
}

// Close closes both directions. What has been written still arrives.
func (e *end) Close() error {
	e.out.end()
	e.in.change(func() { e.in.gone, e.in.queue = true, nil })
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	e.readBy.set(t)
	e.writeBy.set(t)
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error  { e.readBy.set(t); return nil }
func (e *end) SetWriteDeadline(t time.Time) error { e.writeBy.set(t); return nil }
func (e *end) LocalAddr() net.Addr                { return address{} }
func (e *end) RemoteAddr() net.Addr               { return address{} }

// deadline is a channel that is closed when a time comes, which can be changed.
type deadline struct {
	mu    *sync.Mutex
	timer *time.Timer
	over  chan struct{}
}

func newDeadline() deadline { return deadline{mu: &sync.Mutex{}, over: make(chan struct{})} }

// passed returns the channel.
func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.over
}

// set changes the time. The zero time never comes.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.over // the timer's function closes it
	}
	d.timer = nil
	select {
	case <-d.over:
		d.over = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	wait, over := time.Until(t), d.over
	if wait <= 0 {
		close(over)
		return
	}
	d.timer = time.AfterFunc(wait, func() { close(over) })
}
