package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// attempt makes one attempt of a call at m, where its request goes to target, and updates the health of m.
// The Open is the successful reply to a call that waits, else nil.
func (c *Cluster) attempt(ctx context.Context, call *Call, m *Member, target *url.URL, most time.Duration) (Verdict, *Open) {
	observer := c.config.Observer
	if observer != nil {
		observer.AttemptStarted(m.endpoint, target.Path, call)
	}
	start := time.Now()
	a := c.newAttempt(ctx, most)
	if call.Wait {
		a.waits = true
		c.pulse.join(m, a, call.Pulse)
	}
	v, open := c.try(call, m, target, a)
	if v.Outcome == NotServed {
		v = c.confirmed(ctx, call, m, target, v, rest(most, start))
	}
	if v.Leader != "" && c.config.RefuseRedirects {
		v.Outcome = Refused
	}
	if observer != nil {
		observer.AttemptEnded(m.endpoint, target.Path, call, time.Since(start), v.Outcome, v.Err)
	}
	switch {
	case v.Outcome.settled():
		c.succeeded(m)
	case isFailure(v, m) && a.countsAgainstMember() && c.life.Err() == nil:
		c.failed(m, v.Err)
	}
	return v, open
}

// isFailure reports whether v, which settles nothing, is a failure of m. It is none if this process has failed,
// if a question remains to be asked, if m is not the leader, or if etcd has answered at m before: it is a version
// without that path.
func isFailure(v Verdict, m *Member) bool {
	return !v.Own && v.Instead == nil && v.Leader == "" && !v.NoLeader && (v.Outcome != NotServed || !m.proven.Load())
}

// succeeded makes calls begin with m, which has answered.
func (c *Cluster) succeeded(m *Member) {
	c.members.pin(m)
	c.restored(m)
}

// restored returns a member to service.
func (c *Cluster) restored(m *Member) {
	if m.health.answered() && c.config.Observer != nil {
		c.config.Observer.Back(m.endpoint)
	}
}

// failed sets a member aside. Nothing is known any more about what serves at its endpoint.
func (c *Cluster) failed(m *Member, err error) {
	m.proven.Store(false)
	m.reservation.made.Store(false)
	if duration := m.health.failed(); duration > 0 && c.config.Observer != nil {
		c.config.Observer.SetAside(m.endpoint, duration, err)
	}
}

// Ask makes a call once, to m only, without credentials and without notifying the observer. If the reply
// leaves a doubt, it also sends Verdict.Instead. It times out after most; 0 means that only ctx limits it.
func (c *Cluster) Ask(ctx context.Context, m *Member, call *Call, most time.Duration) Verdict {
	start := time.Now()
	v, open := c.ask(ctx, m, call, most)
	if v.Instead != nil {
		call.Request = v.Instead
		v, open = c.ask(ctx, m, call, rest(most, start))
	}
	if open != nil {
		open.Close()
	}
	return v
}

func (c *Cluster) ask(ctx context.Context, m *Member, call *Call, most time.Duration) (Verdict, *Open) {
	return c.try(call, m, m.target(call.Request, c.config.VersionPrefix), c.newAttempt(ctx, most))
}

// try sends the request of a call once. It ends the attempt, unless it returns an Open.
func (c *Cluster) try(call *Call, m *Member, target *url.URL, a *attempt) (Verdict, *Open) {
	seen := c.identity.floor()
	resp, err := c.send(call, m, target, a)
	if err != nil {
		defer a.end()
		return a.lost(target, err), nil
	}
	a.arrival.begin(resp)
	a.keep(resp)
	author, err := c.identity.author(resp)
	switch {
	case err != nil:
	case resp.StatusCode < http.StatusOK:
		// The connection has switched protocols, and neither the deadline nor Close would end a read of it.
		err = fmt.Errorf("answered %s, which etcd never does", resp.Status)
	case call.Wait && isSuccess(resp) && (!TellsIndex(resp) || author == Nameless):
		err = fmt.Errorf("answered %s without the headers of etcd", resp.Status)
	default:
		err = checkEncoding(resp)
	}
	if err != nil {
		defer a.end()
		resp.Body.Close()
		return Verdict{Author: author, Err: err}, nil
	}
	if call.Wait && isSuccess(resp) {
		return c.opened(resp, m, a)
	}
	defer a.end()
	v, err := call.Answer.Sort(Reply{Response: resp, Endpoint: m.endpoint, Author: author, Seen: seen})
	resp.Body.Close()
	if err != nil {
		return Verdict{Err: a.why(err), Own: a.late()}, nil
	}
	return c.accepted(v, author, resp, m), nil
}

// send sends the request of a call. It does so again if nothing was written to the last connection that net/http has
// chosen, because that is stale, or was kept from an earlier request and has been closed. Most times net/http repeats the
// request itself. It does not repeat a PUT if it has seen first that the server has closed the connection.
func (c *Cluster) send(call *Call, m *Member, target *url.URL, a *attempt) (*http.Response, error) {
	client, sent, err := c.clientFor(a.ctx, call, m)
	if err != nil {
		a.sent.Store(false)
		return nil, err
	}
	defer sent()
	if client == c.vital {
		a.reserves = &m.reservation.made
	}
	for {
		req, err := call.requestTo(a.ctx, target)
		if err != nil {
			a.sent.Store(false)
			return nil, err
		}
		c.setUserAgent(req)
		resp, err := roundTrip(client, req)
		if err == nil {
			resp.Request = req // a custom transport may not have set it
			return resp, nil
		}
		unwritten := a.unwritten()
		if unwritten {
			a.sent.Store(false)
		}
		if !unwritten || a.fresh.Load() || a.ctx.Err() != nil { // what closes a new connection would close the next one
			return nil, err
		}
	}
}

func isSuccess(resp *http.Response) bool { return resp.StatusCode >= 200 && resp.StatusCode < 300 }

// accepted records what the reply of m teaches about the cluster, if v says that it is etcd's, and returns v
// with its author.
func (c *Cluster) accepted(v Verdict, author Author, resp *http.Response, m *Member) Verdict {
	v.Author = author
	if !v.Outcome.settled() {
		return v
	}
	if author != ThisCluster {
		var err error
		if v.Author, err = c.identity.learn(resp, m.listed.Load()); err != nil {
			return Verdict{Author: v.Author, Err: err}
		}
	}
	c.identity.saw(resp)
	if v.Author == ThisCluster || TellsIndex(resp) {
		m.proven.Store(true)
	}
	return v
}

// setUserAgent adds Config.UserAgent to req, unless the request of an earlier attempt has added it: all attempts
// of a call share the header, and the transport may still be reading it for an earlier one.
func (c *Cluster) setUserAgent(req *http.Request) {
	if c.userAgent != nil && req.Header["User-Agent"] == nil {
		req.Header["User-Agent"] = c.userAgent
	}
}

// requestTo returns the request of the call as it is sent to target.
func (call *Call) requestTo(ctx context.Context, target *url.URL) (*http.Request, error) {
	req := call.Request.WithContext(ctx)
	req.URL = target
	var err error
	if req.GetBody != nil {
		req.Body, err = req.GetBody()
	}
	return req, err
}
