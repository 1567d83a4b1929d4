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

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// attempt is one attempt in flight. It ends when the caller's context ends, when it times out, when the
// cluster closes, or when the pulse ends it. It records whether anything can have been sent.
type attempt struct {
	caller   context.Context
	ctx      context.Context // ends when caller ends, or earlier, with a cause of this package
	cancel   context.CancelCauseFunc
	timer    *time.Timer // nil if there is no time limit
	most     time.Duration
	start    time.Time
	limit    time.Duration // after start, when timer fires; 0 if it has been stopped
	inflight *inflight
	users    *users
	waits    bool         // its call waits
	sent     atomic.Bool  // a connection was obtained, and the request may have been written to it
	fresh    atomic.Bool  // that connection was new
	newTLS13 atomic.Bool  // it was new and uses TLS 1.3
	wrote    atomic.Bool  // the header was written to a connection; only recorded if the transport is wrapped
	missed   atomic.Bool  // it was ended because the member may have skipped events
	conn     net.Conn     // the connection that was obtained last; nil if the transport reports none
	writes   int64        // how many had begun on it before
	reserves *atomic.Bool // is set when there is a connection; nil if that is not vital
	trace    httptrace.ClientTrace
	watched  *Member // the member that the pulse monitors during the attempt; nil if none
	leave    func()  // ends the monitoring
	arrival  arrival // of the reply
}

// errMayHaveMissed ends requests that may have missed events. Their owners make them again, and the new
// requests search the history.
var errMayHaveMissed = errs.New("the member may have skipped events")

// newAttempt returns an attempt that times out after most; 0 means no limit. With a transport that reports
// its connections, half of that time is for getting one: waiting longer for a host that silently drops
// connection attempts would not help.
func (c *Cluster) newAttempt(parent context.Context, most time.Duration) *attempt {
	ctx, cancel := context.WithCancelCause(parent)
	a := &attempt{caller: parent, cancel: cancel, most: most, start: time.Now(), inflight: &c.inflight, users: &c.users}
	c.inflight.begin(a)
	// Until the transport reports that it is about to get a connection, it may have sent something. This is
	// always the case for a transport that never reports it.
	a.ctx = ctx
	a.sent.Store(true)
	first := most
	if c.traced {
		a.trace.GetConn, a.trace.GotConn = a.getConn, a.gotConn
		if c.wrapped {
			a.trace.WroteHeaders = func() { a.wrote.Store(true) }
		}
		a.ctx = httptrace.WithClientTrace(ctx, &a.trace)
		first = most / 2
	}
	if most > 0 {
		a.limit = first
		a.timer = time.AfterFunc(first, func() { cancel(a.overdue()) })
	}
	return a
}

// overdue returns the reason for ending an attempt that has timed out.
func (a *attempt) overdue() error {
	missing, arrived := "connection", ""
	switch {
	case a.arrival.begun.Load():
		missing, arrived = "complete answer", fmt.Sprintf(", but its header and %d bytes", a.arrival.bytes.Load())
	case a.sent.Load():
		missing = "answer"
	}
	took := time.Since(a.start).Round(time.Millisecond)
	return fmt.Errorf("no %s within %v%s: %w", missing, took, arrived, os.ErrDeadlineExceeded)
}

// getConn is called each time net/http is about to get a connection from its pool. By itself, net/http gets
// another connection only for a read, or if no byte of the request was written to the previous connection. A
// wrapper may send the request again after any failure, so what it has written counts.
func (a *attempt) getConn(string) { a.sent.Store(a.wrote.Load()) }

// gotConn is called before the first byte is written to a connection.
func (a *attempt) gotConn(info httptrace.GotConnInfo) {
	a.users.took(info.Conn, a)
	a.conn = info.Conn
	if t := trackedOf(info.Conn); t != nil {
		if t.stale(info.IdleTime) { // Cluster.send sends the request again
			t.writes.Store(sealed)
			info.Conn.Close()
		}
		a.writes = t.writes.Load()
	}
	a.sent.Store(true)
	if a.reserves != nil && a.writes != sealed {
		a.reserves.Store(true)
	}
	a.fresh.Store(!info.Reused)
	a.newTLS13.Store(!info.Reused && !a.wrote.Load() && isTLS13(info.Conn))
	// If the pulse monitors the member, a request that waits may also wait for its header: some proxies hold
	// the header back until there is an event.
	if a.timer == nil || !a.timer.Stop() {
		return
	}
	if a.limit = 0; a.watched == nil {
		a.limit = a.most
		a.timer.Reset(a.most - time.Since(a.start))
	}
}

// lift removes the time limit. The other limits of the attempt remain.
func (a *attempt) lift() {
	if a.timer != nil {
		a.timer.Stop()
		a.limit = 0
	}
}

func (a *attempt) end() {
	a.lift()
	if a.watched != nil {
		a.leave()
	}
	if a.waits {
		a.users.left(a)
	}
	a.inflight.done(a)
	a.cancel(nil)
}

// repeat ends the attempt so that its request is made again. This does not count against the member.
func (a *attempt) repeat() {
	a.missed.Store(true)
	a.cancel(errMayHaveMissed)
}

// countsAgainstMember reports whether a failure of the attempt is the fault of its member, and not a decision
// of this process.
func (a *attempt) countsAgainstMember() bool {
	return !errors.Is(a.caller.Err(), context.Canceled) && !a.missed.Load()
}

// why returns the reason for err, which the transport has returned, or, if the attempt has ended, why it
// ended. It removes the URL that net/http adds to an error, because the errors of this library already name
// the request and the member.
func (a *attempt) why(err error) error {
	if ended := contexts.Why(a.caller, a.ctx); ended != nil {
		return ended
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return errs.External(err)
}

// late reports whether the attempt has ended long after its time, or after the deadline of its caller, because
// this process did not run.
func (a *attempt) late() bool {
	if a.ctx.Err() == nil {
		return false
	}
	now := time.Now()
	deadline, ok := a.caller.Deadline()
	return isLate(now, a.start, a.limit) || ok && isLate(now, a.start, deadline.Sub(a.start))
}

// lost returns the verdict of an attempt at target that failed with err before it got a reply.
func (a *attempt) lost(target *url.URL, err error) Verdict {
	v := Verdict{Outcome: a.outcome(err), Err: a.failure(target, err), Own: a.late()}
	if a.ctx.Err() == nil && (v.Outcome == NotSent || isDial(err)) {
		if short := shortage(err); short != nil {
			v.Err, v.Own = short, true
		}
	}
	return v
}

// unwritten reports whether the request was not written to the connection that was obtained last. It never will be, then.
func (a *attempt) unwritten() bool {
	t := trackedOf(a.conn)
	return t != nil && a.sent.Load() && t.seal(a.writes)
}

// outcome returns the outcome of an attempt that failed with err before it got a reply.
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

// certificateAlerts are the texts of the alerts with which a server refuses the client's certificate:
// bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown,
// unknown_ca and certificate_required (RFC 8446, section 6.2). crypto/tls does not export the type of a
// received alert, but its text is the text of an AlertError.
var certificateAlerts = []string{
	tls.AlertError(42).Error(), tls.AlertError(43).Error(), tls.AlertError(44).Error(), tls.AlertError(45).Error(),
	tls.AlertError(46).Error(), tls.AlertError(48).Error(), tls.AlertError(116).Error(),
}

// refusesCertificate reports whether err is a TLS alert of the server about the client's certificate. With
// TLS 1.3 the handshake is complete for the client before the server has seen the client's certificate. On a
// new connection such an alert is part of the handshake, and the server has read nothing else. Any other
// alert may come after the request was read: a broken record may be the connection's fault. With TLS 1.2 the
// handshake fails before anything is sent.
func refusesCertificate(err error) bool {
	var alert *net.OpError
	return errors.As(err, &alert) && alert.Op == "remote error" && alert.Err != nil &&
		slices.Contains(certificateAlerts, alert.Err.Error())
}
