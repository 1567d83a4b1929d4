package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// attempt is one attempt under way. It ends with the caller's context, when its time is up, or when the
// cluster closes, and notes whether something can have been sent.
type attempt struct {
	caller   context.Context
	ctx      context.Context // ends with it, or earlier
	cancel   context.CancelCauseFunc
	timer    *time.Timer // nil where there is no bound
	most     time.Duration
	start    time.Time
	inflight *inflight
	sent     atomic.Bool // a connection was taken for the request
	newTLS13 atomic.Bool // and it was a new one, with TLS 1.3
	missed   atomic.Bool // it was ended since the member may have skipped events
	trace    httptrace.ClientTrace
	watched  *Member // the member that the pulse watches over meanwhile; nil where none is
	leave    func()  // ends that
}

// errMayHaveMissed ends requests that may have missed events, so that they are made again: those look into
// the history.
var errMayHaveMissed = errors.New("the member may have skipped events")

// newAttempt returns an attempt that may take as long as most; 0 means no bound. Half of that time is for
// getting a connection: a host that swallows the attempt to connect is no reason to wait longer.
func (c *Cluster) newAttempt(parent context.Context, most time.Duration) *attempt {
	ctx, cancel := context.WithCancelCause(parent)
	a := &attempt{caller: parent, cancel: cancel, most: most, start: time.Now(), inflight: &c.inflight}
	c.inflight.begin(a)
	// As long as the transport does not say that it has yet to get a connection, it may have sent something:
	// one that never says so always may.
	a.ctx = ctx
	a.sent.Store(true)
	first := most
	if c.traced {
		a.trace.GetConn, a.trace.GotConn = a.getConn, a.gotConn
		a.ctx = httptrace.WithClientTrace(ctx, &a.trace)
		first = most / 2
	}
	if most > 0 {
		a.timer = time.AfterFunc(first, func() { cancel(a.overdue()) })
	}
	return a
}

// overdue is the reason for ending the attempt when its time is up.
func (a *attempt) overdue() error {
	missing := "connection"
	if a.sent.Load() {
		missing = "answer"
	}
	return fmt.Errorf("no %s within %v: %w", missing, time.Since(a.start).Round(time.Millisecond), os.ErrDeadlineExceeded)
}

// getConn is called before each connection that net/http asks its pool for. It asks again by itself only for
// a read, or when the connection before took not a byte of the request.
func (a *attempt) getConn(string) { a.sent.Store(false) }

// gotConn is called before the first byte is written to a connection.
func (a *attempt) gotConn(info httptrace.GotConnInfo) {
	a.sent.Store(true)
	a.newTLS13.Store(!info.Reused && isTLS13(info.Conn))
	// Where the member is watched over, a request that waits may wait for its header too: some proxies hold
	// that back until there is an event.
	if a.timer != nil && a.timer.Stop() && a.watched == nil {
		a.timer.Reset(a.most - time.Since(a.start))
	}
}

// lift takes the time limit away and leaves the others.
func (a *attempt) lift() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

func (a *attempt) end() {
	a.lift()
	if a.watched != nil {
		a.leave()
	}
	a.inflight.done(a)
	a.cancel(nil)
}

// repeat ends the attempt so that its request is made again. That says nothing against the member.
func (a *attempt) repeat() {
	a.missed.Store(true)
	a.cancel(errMayHaveMissed)
}

// countsAgainstMember reports whether a failure of the attempt is one of its member, and not what this
// process has decided.
func (a *attempt) countsAgainstMember() bool {
	return !errors.Is(a.caller.Err(), context.Canceled) && !a.missed.Load()
}

// why returns the reason for err: what ended the attempt, if that is over. It takes off the URL that net/http
// puts around an error, since ours name request and member themselves.
func (a *attempt) why(err error) error {
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// outcome returns what a failure to get a reply means.
func (a *attempt) outcome(err error) Outcome {
	if !a.sent.Load() || a.newTLS13.Load() && refusesCertificate(err) {
		return NotSent
	}
	return Unknown
}

func isTLS13(conn net.Conn) bool {
	secure, ok := conn.(*tls.Conn)
	return ok && secure.ConnectionState().Version >= tls.VersionTLS13
}

// certificateAlerts are the texts of the alerts by which a server refuses the client's certificate:
// bad_certificate, unsupported, revoked, expired and unknown ones, unknown_ca and certificate_required (RFC
// 8446, section 6.2). crypto/tls does not export the type of an alert that has been received, but its text is
// that of an AlertError.
var certificateAlerts = []string{
	tls.AlertError(42).Error(), tls.AlertError(43).Error(), tls.AlertError(44).Error(), tls.AlertError(45).Error(),
	tls.AlertError(46).Error(), tls.AlertError(48).Error(), tls.AlertError(116).Error(),
}

// refusesCertificate reports whether err is an alert of the server about the client's certificate. With TLS
// 1.3 a client takes the handshake for done before the server has seen its certificate; on a new connection
// such an alert is part of the handshake, and the server has read nothing else. Any other alert may come
// after the request was read: a broken record may be the connection's fault. With TLS 1.2 the handshake fails
// before anything is sent.
func refusesCertificate(err error) bool {
	var alert *net.OpError
	return errors.As(err, &alert) && alert.Op == "remote error" && alert.Err != nil &&
		slices.Contains(certificateAlerts, alert.Err.Error())
}
