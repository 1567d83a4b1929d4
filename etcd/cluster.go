package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// cluster sends the requests of the generated client, as its HttpRequestDoer: it chooses the
// member, makes the attempts, and decides what a failed one means.
type cluster struct {
	http           *http.Client
	traced         bool // whether http's transport reports the use of a connection
	roster         *roster
	identity       clusterIdentity
	versionPrefix  string
	username       string
	password       string
	attemptTimeout time.Duration
	noRedirects    bool
	discovery      Discovery
	observer       Observer
	vigil          vigil

	life       context.Context // ends with close
	endLife    context.CancelCauseFunc
	ongoing    ongoing
	background sync.WaitGroup // what close waits for
	release    func()         // closes the idle connections of our own pool
}

func newCluster(config Config) (*cluster, error) {
	members, err := config.members()
	if err != nil {
		return nil, err
	}
	client, release, err := newHTTPClient(config, members)
	if err != nil {
		return nil, err
	}
	c := &cluster{
		http:           client,
		traced:         reportsConnections(client),
		roster:         newRoster(members),
		identity:       clusterIdentity{expected: config.ClusterID},
		versionPrefix:  config.VersionPrefix,
		username:       config.Username,
		password:       config.Password,
		attemptTimeout: config.AttemptTimeout,
		noRedirects:    config.RefuseRedirects,
		discovery:      config.Discovery,
		observer:       config.Observer,
		release:        release,
	}
	c.life, c.endLife = context.WithCancelCause(context.Background())
	c.vigil = vigil{cluster: c, interval: config.PulseInterval}
	return c, nil
}

// Do sends req to one member after the other until one answers or the policy in mayGoOn ends it.
// It returns the reply of a success, its body read and kept but for a watch; an *Error where a
// member refused; and a *ClusterError where none answered.
func (c *cluster) Do(req *http.Request) (*http.Response, error) {
	if err := c.admit(req); err != nil {
		return nil, err
	}
	if len(c.roster.all()) == 0 {
		if err := c.discover(req.Context()); err != nil {
			return nil, err
		}
	}
	course := c.newCourse(req)
	var failed *ClusterError
	for m, left := course.next(req.Context()); m != nil; {
		limit := c.newLimit(req.Context(), share(req.Context(), left+course.reserve(req), c.attemptTimeout))
		out, err := c.addressed(limit, req, m)
		if err != nil {
			return nil, err
		}
		start := time.Now()
		resp, outcome, err := c.attempt(out, m, limit)
		if err == nil {
			return resp, nil
		}
		leader := c.leaderNamed(err, course)
		if outcome == OutcomeAnswered && leader == nil {
			return nil, c.supported(req.Context(), m, req.URL.Path, err)
		}
		if failed == nil {
			failed = &ClusterError{Method: req.Method, Path: req.URL.Path}
		}
		failed.add(Attempt{m.endpoint, time.Since(start), err}, outcome)
		course.failed(err)
		switch {
		case leader != nil:
			m, left = leader, 1
		case c.mayGoOn(req, outcome):
			m, left = course.next(req.Context())
		default:
			m = nil
		}
	}
	return nil, failed.endedBy(req.Context(), c.life)
}

// admit refuses a request that must not or need not be sent, and signs the others.
func (c *cluster) admit(req *http.Request) error {
	for _, ctx := range []context.Context{c.life, req.Context()} {
		if ctx.Err() != nil {
			return fmt.Errorf("etcd: %s %s: %w", req.Method, req.URL.Path, context.Cause(ctx))
		}
	}
	// Etcd cuts a longer body off, resets the connection, or, 0.4, stores an empty value.
	if req.ContentLength > maxFormBytes {
		return invalidf("%s %s: body of %d bytes, etcd reads at most %d, escapes counted",
			req.Method, req.URL.Path, req.ContentLength, maxFormBytes)
	}
	if c.username != "" {
		req.SetBasicAuth(c.username, c.password)
	}
	return nil
}

// mayGoOn is the failover policy, as doc.go tells it: after a failed attempt a read goes to the
// next member, a write only if nothing of it can have reached one.
func (c *cluster) mayGoOn(req *http.Request, outcome Outcome) bool {
	if req.Context().Err() != nil || c.life.Err() != nil {
		return false
	}
	return isRead(req) || outcome == OutcomeNotSent
}

// share returns how long an attempt may take: of what is left until ctx's deadline an even part
// for each member still to try, so that none eats it all, and no more than most. Zero
// means that there is no bound but the deadline.
func share(ctx context.Context, toTry int, most time.Duration) time.Duration {
	most = max(most, 0)
	deadline, ok := ctx.Deadline()
	if !ok || toTry == 1 {
		return most
	}
	part := max(time.Until(deadline)/time.Duration(toTry), time.Nanosecond)
	if most == 0 {
		return part
	}
	return min(part, most)
}

func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead
}

// isWatch reports whether the body of the reply comes later than its header. No value can look
// like it, since a query has its "=" escaped in them.
func isWatch(req *http.Request) bool {
	return strings.Contains(req.URL.RawQuery, "wait=true")
}

// observe tells the observer, if there is one.
func (c *cluster) observe(event Event) {
	if c.observer != nil {
		c.observer.Observe(event)
	}
}

// close ends what runs, waits for what runs in the background, and lets go of the connections.
func (c *cluster) close() {
	c.endLife(ErrClosed)
	c.ongoing.end(ErrClosed)
	c.vigil.close()
	c.background.Wait()
	c.release()
}
