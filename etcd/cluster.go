package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// cluster sends the requests of the generated client, as its HttpRequestDoer: it chooses the
// member, makes the attempts, and decides what a failed one means.
type cluster struct {
	http           *http.Client
	traced         bool // whether http's transport reports the use of a connection
	members        []*member
	pinned         atomic.Int64 // index of the member that answered last
	versionPrefix  string
	username       string
	password       string
	attemptTimeout time.Duration

	life    context.Context // ends with close
	endLife context.CancelCauseFunc
	release func() // closes the idle connections of our own pool
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
		members:        members,
		versionPrefix:  config.VersionPrefix,
		username:       config.Username,
		password:       config.Password,
		attemptTimeout: config.AttemptTimeout,
		release:        release,
	}
	c.life, c.endLife = context.WithCancelCause(context.Background())
	return c, nil
}

// Do sends req to one member after the other until one answers or the policy in mayGoOn ends it.
// It returns the reply of a success, its body read and kept but for a watch; an *Error where a
// member refused; and a *ClusterError where none answered.
func (c *cluster) Do(req *http.Request) (*http.Response, error) {
	if err := c.admit(req); err != nil {
		return nil, err
	}
	failed := &ClusterError{Method: req.Method, Path: req.URL.Path}
	first := int(c.pinned.Load())
	for i := range c.members {
		index := (first + i) % len(c.members)
		m := c.members[index]
		start := time.Now()
		resp, fate, err := c.attempt(req, m)
		if fate == answered {
			c.pinned.Store(int64(index))
			return resp, err
		}
		failed.Attempts = append(failed.Attempts, Attempt{m.endpoint, time.Since(start), err})
		failed.unknown = fate == inDoubt && !isRead(req)
		if !c.mayGoOn(req, fate) {
			break
		}
	}
	return nil, failed
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
func (c *cluster) mayGoOn(req *http.Request, fate fate) bool {
	if req.Context().Err() != nil || c.life.Err() != nil {
		return false
	}
	return isRead(req) || fate == unsent
}

func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead
}

// isWatch reports whether the body of the reply comes later than its header. No value can look
// like it, since a query has its "=" escaped in them.
func isWatch(req *http.Request) bool {
	return strings.Contains(req.URL.RawQuery, "wait=true")
}

func (c *cluster) endpoints() []string {
	endpoints := make([]string, len(c.members))
	for i, m := range c.members {
		endpoints[i] = m.endpoint
	}
	return endpoints
}

func (c *cluster) close() {
	c.endLife(ErrClosed)
	c.release()
}
