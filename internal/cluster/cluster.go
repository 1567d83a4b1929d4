package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// maxFormBytes is the length of the longest body that etcd reads. Etcd truncates a longer body, resets the
// connection, or, in 0.4, stores an empty value.
const maxFormBytes = 10 << 20

// Cluster sends calls to the members of one cluster. It is safe for concurrent use by multiple goroutines.
type Cluster struct {
	config   Config
	http     *http.Client
	vital    *http.Client // for vital calls
	traced   bool         // whether http's transport reports the use of a connection
	wrapped  bool         // whether that transport is wrapped in another
	owned    bool         // whether nobody else uses the connections of http
	users    users
	secure   bool // whether the configuration asks for TLS
	members  *memberList
	identity identity
	pulse    pulse
	calls    lane // of calls that do not wait for events
	narrow   lane // of those among them that renew a TTL
	renewals lane // of those that have waited there too long

	credentials atomic.Pointer[credentials] // those to send now
	userAgent   []string                    // the header of every request; nil for net/http's own

	life       context.Context // ended by Close
	endLife    context.CancelCauseFunc
	inflight   inflight
	background sync.WaitGroup // the goroutines that Close waits for
	release    func()         // closes the idle connections of the cluster's own pool
}

// New returns a Cluster for config, or errs.ErrInvalidArgument. It opens no connection.
func New(config Config) (*Cluster, error) {
	members, err := config.members()
	if err != nil {
		return nil, err
	}
	client, vital, release, err := newHTTPClients(config, members)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		config:   config,
		http:     client,
		vital:    vital,
		owned:    config.HTTPClient == nil,
		secure:   config.TLS != nil || anyTLS(members),
		members:  newMemberList(members),
		identity: identity{expected: config.ClusterID},
		calls:    newLane(config.MaxInFlight),
		narrow:   newLane(narrowWidth),
		renewals: newLane(config.MaxInFlight),
		release:  release,
	}
	c.traced, c.wrapped = reportsConnections(client)
	if config.UserAgent != "" {
		c.userAgent = []string{config.UserAgent}
	}
	c.SetCredentials("", "")
	c.life, c.endLife = context.WithCancelCause(context.Background())
	c.pulse = pulse{cluster: c, questions: config.Questions, interval: config.PulseInterval}
	return c, nil
}

// Do makes a call. It sends the request to one member after another until a member settles it or the policy
// in mayGoOn ends the call.
func (c *Cluster) Do(ctx context.Context, call *Call) Result {
	if err := c.admit(ctx, call); err != nil {
		return noAttempt(err)
	}
	lane, err := c.enter(ctx, call)
	if err != nil {
		return noAttempt(err)
	}
	defer lane.leave()
	f := c.newFailover(call)
	var result Result
	for m, left := f.next(ctx); m != nil; m, left = c.follows(ctx, call, f, &result, left) {
		target, err := c.targetOf(ctx, m, call.Request)
		if err != nil {
			return noAttempt(err)
		}
		start, most := time.Now(), c.Share(ctx, left+f.reserve())
		result.Member = m
		if v := c.vet(ctx, f, m, most); v != nil {
			result.Verdict = *v
		} else {
			result.Verdict, result.Open = c.attempt(ctx, call, m, target, rest(most, start))
		}
		if result.Settled() {
			return result
		}
		if result.Instead == nil {
			result.Attempts = append(result.Attempts, Attempt{m.endpoint, time.Since(start), result.Missing, result.Err})
			f.failed(m, result.Verdict)
		}
	}
	result.Ended, result.Leaderless = contexts.Why(ctx, c.life), f.leaderless
	return result
}

// follows returns the member to try after the one of result has settled nothing, and how many are left to
// try, or nil if the call must end.
func (c *Cluster) follows(ctx context.Context, call *Call, f *failover, result *Result, left int) (*Member, int) {
	v := &result.Verdict
	if v.Instead != nil {
		c.authorize(v.Instead)
		call.Request = v.Instead
		return result.Member, left
	}
	if leader := c.leaderNamed(v, f); leader != nil {
		return leader, 1
	}
	if c.mayGoOn(ctx, call, v.Outcome) {
		return f.next(ctx)
	}
	return nil, 0
}

// noAttempt returns the result of a call that was not sent because of err.
func noAttempt(err error) Result { return Result{Verdict: Verdict{Outcome: NotSent, Err: err}} }

// admit refuses a call that must not or need not be sent. It adds the credentials to any other call, and
// discovers members if there are none yet.
func (c *Cluster) admit(ctx context.Context, call *Call) error {
	req := call.Request
	if why := contexts.Why(ctx, c.life); why != nil {
		return fmt.Errorf("etcd: %s %s: %w", req.Method, req.URL.Path, errs.Bare(why))
	}
	if req.ContentLength > maxFormBytes {
		return errs.Invalidf("%s %s: the body has %d bytes with its escapes; etcd reads at most %d",
			req.Method, req.URL.Path, req.ContentLength, maxFormBytes)
	}
	c.authorize(req)
	if len(c.members.all()) > 0 {
		return nil
	}
	if err := c.Discover(ctx); len(c.members.all()) == 0 {
		return cmp.Or(err, errs.Invalidf("discovery has found no endpoints"))
	}
	return nil
}

// mayGoOn is the failover policy. After an attempt that settled nothing, a read goes to the next member. A
// write does so only if no part of it can have reached a member, or if the server does not serve such
// requests.
func (c *Cluster) mayGoOn(ctx context.Context, call *Call, outcome Outcome) bool {
	if ctx.Err() != nil || c.life.Err() != nil {
		return false
	}
	return call.Read || outcome == NotSent || outcome == NotServed
}

// Share returns how long an attempt may take. It divides the time until ctx's deadline evenly among the
// members still to try, so that no member uses up all of it, and returns no more than Config.AttemptTimeout.
// Zero means that only the deadline limits the attempt.
func (c *Cluster) Share(ctx context.Context, toTry int) time.Duration {
	return share(ctx, toTry, c.config.AttemptTimeout)
}

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

// rest returns what is left of most since start; 0 is no limit, of which 0 is left.
func rest(most time.Duration, start time.Time) time.Duration {
	if most == 0 {
		return 0
	}
	return max(most-time.Since(start), time.Nanosecond)
}

// Seen returns the highest etcd index that the cluster has reported.
func (c *Cluster) Seen() uint64 { return c.identity.highest() }

// Life returns a context that Close ends with the cause errs.ErrClosed.
func (c *Cluster) Life() context.Context { return c.life }

// Go runs f in the background. f must return when Life ends; Close waits for it.
func (c *Cluster) Go(f func()) { c.background.Go(f) }

// Close ends all attempts, waits for the goroutines in the background, and closes the idle connections of the
// cluster's own pool.
func (c *Cluster) Close() {
	c.endLife(errs.ErrClosed)
	c.inflight.end(errs.ErrClosed)
	c.pulse.close()
	c.background.Wait()
	c.release()
}
