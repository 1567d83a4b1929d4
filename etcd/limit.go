package etcd

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"time"
)

// limit ends an attempt: with the caller's context, when its time is up, or when the client
// closes. It also notes whether something can have been sent.
type limit struct {
	caller  context.Context
	ctx     context.Context // ends with it, or earlier
	cancel  context.CancelCauseFunc
	timer   *time.Timer // nil where there is no bound
	most    time.Duration
	start   time.Time
	ongoing *ongoing
	sent    atomic.Bool // a connection was taken for the request
	fresh   atomic.Bool // and it was a new one
	trace   httptrace.ClientTrace
	over    *member // the member that is watched over meanwhile; nil where none is
	leave   func()  // ends that
}

// newLimit returns the limit for an attempt that may take as long as most; 0 means no bound. Half of
// that time is for getting a connection: a host that swallows the attempt to connect is no reason to
// wait longer.
func (c *cluster) newLimit(parent context.Context, most time.Duration) *limit {
	ctx, cancel := context.WithCancelCause(parent)
	l := &limit{caller: parent, cancel: cancel, most: most, start: time.Now(), ongoing: &c.ongoing}
	c.ongoing.begin(l)
	// As long as the transport does not say that it has yet to get a connection, it may have sent
	// something: one that never says so always may.
	l.ctx = ctx
	l.sent.Store(true)
	first := most
	if c.traced {
		l.trace.GetConn, l.trace.GotConn = l.getConn, l.gotConn
		l.ctx = httptrace.WithClientTrace(ctx, &l.trace)
		first = most / 2
	}
	if most > 0 {
		l.timer = time.AfterFunc(first, func() { cancel(l.overdue()) })
	}
	return l
}

// overdue is the reason for ending the attempt when its time is up.
func (l *limit) overdue() error {
	missing := "connection"
	if l.sent.Load() {
		missing = "answer"
	}
	return fmt.Errorf("no %s within %v: %w", missing, time.Since(l.start).Round(time.Millisecond), os.ErrDeadlineExceeded)
}

// getConn is called before each connection that net/http asks its pool for. It asks again by itself
// only for a read, or when the connection before took not a byte of the request.
func (l *limit) getConn(string) { l.sent.Store(false) }

// gotConn is called before the first byte is written to a connection.
func (l *limit) gotConn(info httptrace.GotConnInfo) {
	l.sent.Store(true)
	l.fresh.Store(!info.Reused)
	// Where the member is watched over, a watch may wait for its header too: some proxies hold
	// that back until there is an event.
	if l.timer != nil && l.timer.Stop() && l.over == nil {
		l.timer.Reset(l.most - time.Since(l.start))
	}
}

// lift takes the time limit away and leaves the others.
func (l *limit) lift() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (l *limit) end() {
	l.lift()
	if l.over != nil {
		l.leave()
	}
	l.ongoing.done(l)
	l.cancel(nil)
}

// reportsConnections reports whether client tells, by httptrace, that it is about to use a connection.
func reportsConnections(client *http.Client) bool {
	if client.Transport == nil {
		return true
	}
	_, ok := client.Transport.(*http.Transport)
	return ok
}
