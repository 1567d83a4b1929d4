package etcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// fate says what is known of a request after an attempt at one member.
type fate int

const (
	answered fate = iota // the member has decided: done, or refused and not done
	unsent               // nothing has reached the member
	inDoubt              // sent, and no answer that settles whether it was done
)

// attempt sends req to m once. For fate answered it returns the reply of a success, or the *Error
// of a refusal; for the others what went wrong.
func (c *cluster) attempt(req *http.Request, m *member) (*http.Response, fate, error) {
	limit := c.limit(req.Context())
	sent := &atomic.Bool{}
	out, err := c.addressed(limit.ctx, sent, req, m)
	if err != nil {
		limit.end()
		return nil, answered, err
	}
	resp, err := c.http.Do(out)
	if err != nil {
		defer limit.end()
		if !sent.Load() {
			return nil, unsent, limit.why(err)
		}
		return nil, inDoubt, limit.why(err)
	}
	if isWatch(req) && resp.StatusCode == http.StatusOK {
		resp.Body = &watchBody{resp.Body, limit}
		limit.lift()
		return resp, answered, nil
	}
	defer limit.end()
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, inDoubt, limit.why(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return judge(resp, body)
}

// addressed returns req as it goes to m. sent becomes true no later than its first byte leaves.
func (c *cluster) addressed(ctx context.Context, sent *atomic.Bool, req *http.Request, m *member) (*http.Request, error) {
	// A transport that does not say when it takes a connection may always have sent something.
	sent.Store(!c.traced)
	if c.traced && !isRead(req) {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
		})
	}
	out := req.WithContext(ctx)
	out.URL = m.address(req.URL, c.versionPrefix)
	out.Host = ""
	if err := m.checkTarget(out); err != nil {
		return nil, err
	}
	if req.GetBody != nil {
		var err error
		if out.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// judge sorts a whole reply into a success, a refusal, and one that leaves a write in doubt.
func judge(resp *http.Response, body []byte) (*http.Response, fate, error) {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, answered, nil
	}
	err := decodeError(resp, body)
	if err.StatusCode < 500 || refused(err) {
		return nil, answered, err
	}
	return nil, inDoubt, err
}

// refused reports whether a 5xx reply is a plain no, although most leave a write in doubt.
func refused(err *Error) bool {
	// 501 is a read-only proxy's answer to a write. A cause that begins with nodePath is from
	// applying the write, where etcd 3.5 fails to update a directory's TTL; timeouts have others.
	return err.StatusCode == http.StatusNotImplemented || strings.HasPrefix(err.Cause, "nodePath ")
}

// limit ends an attempt: with the caller's context, when its time is up, or when the client closes.
type limit struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	stopLife func() bool
}

func (c *cluster) limit(parent context.Context) *limit {
	ctx, cancel := context.WithCancelCause(parent)
	l := &limit{ctx: ctx, cancel: cancel}
	l.stopLife = context.AfterFunc(c.life, func() { cancel(context.Cause(c.life)) })
	if timeout := c.attemptTimeout; timeout > 0 {
		l.timer = time.AfterFunc(timeout, func() {
			cancel(fmt.Errorf("no answer within %v: %w", timeout, os.ErrDeadlineExceeded))
		})
	}
	return l
}

// lift takes the time limit away and leaves the others.
func (l *limit) lift() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (l *limit) end() {
	l.lift()
	l.stopLife()
	l.cancel(nil)
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

// watchBody is the body of a watch, which is read while the limit still holds.
type watchBody struct {
	io.ReadCloser
	limit *limit
}

func (b *watchBody) Close() error {
	defer b.limit.end()
	return b.ReadCloser.Close()
}

// reportsConnections reports whether client tells, by httptrace, that it is about to use a connection.
func reportsConnections(client *http.Client) bool {
	if client.Transport == nil {
		return true
	}
	_, ok := client.Transport.(*http.Transport)
	return ok
}
