package fakenet

import (
	"net"
	"os"
	"sync"
	"time"
)

// Forever is the delay of bytes that never arrive.
const Forever time.Duration = 1<<63 - 1

// conn is one end of a connection that, as one of TCP, can be closed for writing alone: a pipe each way.
type conn struct {
	in, out net.Conn
	delay   func() time.Duration // of the next bytes that are written; nil for none
	closed  chan struct{}        // closed when one end has been closed
	once    *sync.Once
}

// pipe returns the ends of a connection. What the far end writes is delayed.
func pipe(delay func() time.Duration) (near, far net.Conn) {
	toFar, fromNear := net.Pipe()
	toNear, fromFar := net.Pipe()
	closed, once := make(chan struct{}), &sync.Once{}
	return &conn{in: fromFar, out: toFar, closed: closed, once: once}, &conn{in: fromNear, out: toNear, delay: delay, closed: closed, once: once}
}

func (c *conn) Read(p []byte) (int, error) { return c.in.Read(p) }

// Write writes p after its delay, and keeps its writer waiting for so long.
func (c *conn) Write(p []byte) (int, error) {
	if c.delay != nil {
		if d := c.delay(); d > 0 {
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-c.closed:
				return 0, os.ErrClosed
			}
		}
	}
	return c.out.Write(p)
}

// CloseWrite makes the other end read io.EOF after what has been written.
func (c *conn) CloseWrite() error { return c.out.Close() }

// Close closes both directions. Nothing arrives any more when the other end learns of it.
func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.in.Close()
	return c.out.Close()
}

func (c *conn) SetDeadline(t time.Time) error {
	_ = c.out.SetDeadline(t)
	return c.in.SetDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error  { return c.in.SetReadDeadline(t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.out.SetWriteDeadline(t) }
func (c *conn) LocalAddr() net.Addr                { return address{} }
func (c *conn) RemoteAddr() net.Addr               { return address{} }
