package fakenet

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// receive reads once, within a minute.
func receive(t *testing.T, c net.Conn, want string, err error) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	buffer := make([]byte, 100)
	n, got := c.Read(buffer)
	if string(buffer[:n]) != want || !errors.Is(got, err) {
		t.Errorf("read %q, %v, and not %q, %v", buffer[:n], got, want, err)
	}
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if n, err := io.WriteString(c, text); n != len(text) || err != nil {
		t.Errorf("wrote %d bytes, %v", n, err)
	}
}

func TestLineDelaysInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delays := []time.Duration{time.Second, 0}
		_, near, far := NewLine(func() time.Duration { d := delays[0]; delays = delays[1:]; return d })
		began := time.Now()
		send(t, near, "one")
		send(t, near, "two")
		if took := time.Since(began); took != 0 {
			t.Errorf("writing took %v", took)
		}
		receive(t, far, "one", nil)
		receive(t, far, "two", nil)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestLineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, near, far := NewLine(nil)
		send(t, near, "last")
		near.Close()
		receive(t, far, "last", nil)
		receive(t, far, "", io.EOF)
		receive(t, near, "", net.ErrClosed)
		send(t, far, "to nobody")
		synctest.Wait()
		receive(t, far, "", syscall.ECONNRESET)
	})
}

func TestLineWithFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, near, far := NewLine(nil)
		line.Hold()
		send(t, near, "late")
		receive(t, far, "", os.ErrDeadlineExceeded)
		line.Release()
		receive(t, far, "late", nil)
		line.MuteUp()
		send(t, near, "lost")
		receive(t, far, "", os.ErrDeadlineExceeded)
		send(t, far, "heard")
		receive(t, near, "heard", nil)
		near.Close()
		receive(t, far, "", os.ErrDeadlineExceeded)
		line, near, far = NewLine(nil)
		send(t, near, "lost")
		line.Cut()
		receive(t, near, "", syscall.ECONNRESET)
		receive(t, far, "", syscall.ECONNRESET)
	})
}

func TestLineIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, speak := range map[string]func(net.Conn){
			"writes": func(c net.Conn) { send(t, c, "lost") },
			"ends":   func(c net.Conn) { _ = c.(interface{ CloseWrite() error }).CloseWrite() },
		} {
			line, near, far := NewLine(nil)
			line.Forget()
			receive(t, near, "", os.ErrDeadlineExceeded)
			speak(near)
			synctest.Wait()
			receive(t, near, "", syscall.ECONNRESET)
			receive(t, far, "", os.ErrDeadlineExceeded)
			if t.Failed() {
				t.Error("after one that " + name)
			}
		}
	})
}

// A writer waits while the buffer is full.
func TestLineIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, near, far := NewLine(nil)
		send(t, near, string(make([]byte, buffered)))
		_ = near.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := near.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote with %v", err)
		}
		_ = near.SetWriteDeadline(time.Time{})
		go func() { _, _ = io.CopyN(io.Discard, far, buffered) }()
		send(t, near, "x")
		synctest.Wait()
		receive(t, far, "x", nil)
	})
}
