package etcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// attempt sends req, which is addressed to m, once. It returns the reply of a success, or else what
// went wrong; with OutcomeAnswered, the *Error of a refusal.
func (c *cluster) attempt(req *http.Request, m *member, limit *limit) (*http.Response, Outcome, error) {
	if c.observer != nil {
		c.observe(AttemptStarted{m.endpoint, req.Method, req.URL.Path})
	}
	start := time.Now()
	var over *member
	if isWatch(req) {
		over = m
	}
	resp, outcome, err := c.try(req, over, limit)
	if err != nil {
		nameEndpoint(err, m)
	}
	if c.observer != nil {
		c.observe(AttemptEnded{m.endpoint, req.Method, req.URL.Path, time.Since(start), outcome, err})
	}
	switch {
	case outcome == OutcomeAnswered:
		c.praise(m)
	case !errors.Is(limit.caller.Err(), context.Canceled) && c.life.Err() == nil && !errors.Is(err, errMayHaveMissed):
		c.blame(m, err)
	}
	return resp, outcome, err
}

// nameEndpoint puts m into err, if that is a reply.
func nameEndpoint(err error, m *member) {
	var reply *Error
	if errors.As(err, &reply) {
		reply.Endpoint = m.endpoint
	}
}

// praise makes calls begin with a member that answers.
func (c *cluster) praise(m *member) {
	c.roster.pin(m)
	c.trust(m)
}

// trust ends a member's being set aside.
func (c *cluster) trust(m *member) {
	if m.health.answered() {
		c.observe(MemberBack{m.endpoint})
	}
}

// blame sets a member aside.
func (c *cluster) blame(m *member, err error) {
	if while := m.health.failed(); while > 0 {
		c.observe(MemberSetAside{m.endpoint, while, err})
	}
}

// try sends req once. A request that waits for events is ended when over, if that is given, fails.
func (c *cluster) try(req *http.Request, over *member, limit *limit) (*http.Response, Outcome, error) {
	floor := c.identity.floor()
	if over != nil {
		c.vigil.join(over, limit)
	}
	resp, err := exchange(c.http, req)
	if err != nil {
		defer limit.end()
		return nil, limit.outcome(err), limit.why(err)
	}
	resp.Request = req // a transport of the user's may have left it out
	if err := c.identity.check(resp); err != nil {
		defer limit.end()
		resp.Body.Close()
		return nil, OutcomeUnknown, err
	}
	if isWatch(req) && resp.StatusCode == http.StatusOK {
		resp.Body = &watchBody{resp.Body, limit}
		limit.lift()
		if over != nil {
			c.vigil.registered(over, limit, headerNumber(resp, "X-Etcd-Index"))
		}
		return resp, OutcomeAnswered, nil
	}
	defer limit.end()
	body, err := readWhole(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, OutcomeUnknown, limit.why(err)
	}
	resp.Body = body
	out, outcome, err := c.judge(resp, floor)
	if err != nil {
		body.Close()
	}
	return out, outcome, err
}

// inquire asks m itself something, aside from the calls of users: without credentials, and without
// telling the observer.
func (c *cluster) inquire(ctx context.Context, m *member, method, path string, most time.Duration) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://etcd"+path, nil)
	if err != nil {
		return nil, err
	}
	limit := c.newLimit(ctx, most)
	out, err := c.addressed(limit, req, m)
	if err != nil {
		return nil, err
	}
	resp, _, err := c.try(out, nil, limit)
	return resp, err
}

// addressed returns req as it goes to m, within a limit, which it ends if that cannot be.
func (c *cluster) addressed(limit *limit, req *http.Request, m *member) (*http.Request, error) {
	out := req.WithContext(limit.ctx)
	out.URL = m.address(req.URL, c.versionPrefix)
	out.Host = ""
	err := m.checkTarget(out)
	if err == nil && req.GetBody != nil {
		out.Body, err = req.GetBody()
	}
	if err != nil {
		limit.end()
		return nil, err
	}
	return out, nil
}

// judge sorts a whole reply into a success, a refusal, and one that settles nothing.
func (c *cluster) judge(resp *http.Response, floor uint64) (*http.Response, Outcome, error) {
	c.identity.saw(headerNumber(resp, "X-Etcd-Index"))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, OutcomeAnswered, nil
	}
	body, failed := io.ReadAll(resp.Body)
	if failed != nil {
		return nil, OutcomeUnknown, failed
	}
	err := decodeError(resp, body)
	switch {
	case err.StatusCode >= 500 && !refused(err):
		return nil, OutcomeUnknown, err
	case behind(resp.Request, err, floor):
		return nil, OutcomeUnknown, fmt.Errorf("does not have the key, but is behind: at index %d, %d has been seen", err.Index, floor)
	}
	return nil, OutcomeAnswered, err
}

// refused reports whether a 5xx reply is a plain no, although most leave a write in doubt.
func refused(err *Error) bool {
	// 501 is a read-only proxy's answer to a write. A cause that begins with nodePath is from
	// applying the write, where etcd 3.5 fails to update a directory's TTL; timeouts have others.
	// notCapable is said before anything else is looked at.
	return err.StatusCode == http.StatusNotImplemented || strings.HasPrefix(err.Cause, "nodePath ") ||
		strings.HasPrefix(err.Message, notCapable)
}

// behind reports whether a member says of its own copy that a key is not there, while the cluster
// is known to be further than that copy.
func behind(req *http.Request, err *Error, floor uint64) bool {
	own := isRead(req) && !strings.Contains(req.URL.RawQuery, "quorum=true")
	return own && err.Code == ErrKeyNotFound && err.Index < floor
}

// watchBody is the body of a watch, which is read while the limit still holds.
type watchBody struct {
	io.ReadCloser
	limit *limit
}

func (b *watchBody) Close() error {
	defer b.limit.end()
	return b.ReadCloser.Close()
}

// why returns the reason for err: the limit's, if that is what ended the attempt. It takes off
// the URL that net/http puts around an error, since ours name request and member themselves.
func (l *limit) why(err error) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// outcome returns what a failure to get a reply means.
func (l *limit) outcome(err error) Outcome {
	if !l.sent.Load() || l.fresh.Load() && refusedByTLS(err) {
		return OutcomeNotSent
	}
	return OutcomeUnknown
}

// refusedByTLS reports whether err is the alert of a server that ends the connection. With TLS 1.3
// a client takes the handshake for done before the server has seen its certificate; on a new
// connection the alert is the server's refusal of that, and it has read nothing else.
func refusedByTLS(err error) bool {
	var alert *net.OpError
	return errors.As(err, &alert) && alert.Op == "remote error"
}
