package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// Endpoints returns the URLs of the members that calls can currently go to.
func (c *Cluster) Endpoints() []string { return c.members.endpoints() }

// Discover adds the members that Config.Discover finds. It does nothing if Config.Discover is nil. It passes
// over endpoints that cannot be used, and returns an error that names the first of them. It ends with ctx,
// after Config.AttemptTimeout, or with Close, because a name server may never answer.
func (c *Cluster) Discover(ctx context.Context) error {
	if c.config.Discover == nil {
		return nil
	}
	endpoints, err := c.lookUp(ctx)
	if err != nil {
		return err
	}
	var members []*Member
	var odd passedOver
	for _, endpoint := range endpoints {
		m, err := c.discovered(endpoint)
		if err != nil {
			odd.add(err)
			continue
		}
		members = append(members, m)
	}
	c.members.add(members)
	return odd.err(len(endpoints), "were discovered")
}

// discovered returns the member at endpoint, which Config.Discover has found. If the configuration asks for
// TLS, it refuses an endpoint without TLS: the DNS must not override the configuration.
func (c *Cluster) discovered(endpoint string) (*Member, error) {
	m, err := parseMember(endpoint)
	if err != nil {
		return nil, err
	}
	if c.secure && m.base.Scheme != "https" {
		return nil, errs.Invalidf("discovery: %s does not use TLS, which is configured; announce members by records with TLS", endpoint)
	}
	m.seed = true
	return m, nil
}

// lookUp calls Config.Discover within the limits of an attempt.
func (c *Cluster) lookUp(ctx context.Context) ([]string, error) {
	a := c.newAttempt(ctx, 0)
	defer a.end()
	limited := a.ctx
	if most := c.config.AttemptTimeout; most > 0 {
		late := fmt.Errorf("etcd: discovery: not done within %v: %w", most, os.ErrDeadlineExceeded)
		bounded, cancel := context.WithTimeoutCause(limited, most, late)
		defer cancel()
		limited = bounded
	}
	endpoints, err := c.config.Discover(limited)
	if why := contexts.Why(ctx, limited); err != nil && why != nil {
		return nil, fmt.Errorf("%w: %w", why, errs.Bare(err))
	}
	return endpoints, err
}

// mostAsked is how many members are asked at once whether they can be used.
const mostAsked = 16

// Advertise takes the endpoints that the cluster has named. It asks them concurrently, and replaces the
// members with the configured ones and those at usable endpoints. It passes over endpoints that are not
// valid, and returns an error that names the first of them. After such a list, or if ctx ends, no member is
// dropped.
func (c *Cluster) Advertise(ctx context.Context, endpoints []string) error {
	usable := make([]*Member, len(endpoints))
	identify := sync.OnceFunc(func() { c.identify(ctx) })
	var odd passedOver
	var asking sync.WaitGroup
	turns := make(chan struct{}, mostAsked)
	for i, endpoint := range endpoints {
		m, err := parseMember(endpoint)
		if err != nil {
			odd.add(err)
			continue
		}
		if c.members.find(m.base) == nil {
			identify() // otherwise m could teach the ID of its own cluster
		}
		turns <- struct{}{}
		asking.Go(func() {
			defer func() { <-turns }()
			if c.takesOn(ctx, m) == nil {
				usable[i] = m
			}
		})
	}
	asking.Wait()
	usable = slices.DeleteFunc(usable, func(m *Member) bool { return m == nil })
	// Neither a list with odd endpoints nor questions without an answer prove that a member has gone.
	ended := contexts.Why(ctx, c.life)
	if odd.count > 0 || ended != nil {
		usable = append(usable, c.members.all()...)
	}
	c.members.advertise(usable)
	return cmp.Or(ended, odd.err(len(endpoints), "the cluster names"))
}

// passedOver counts endpoints of a list that cannot be used.
type passedOver struct {
	count int
	first error
}

func (p *passedOver) add(err error) {
	if p.count++; p.first == nil {
		p.first = err
	}
}

// err returns nil if there are none, or an error that names only the first: a list from an untrusted source
// may quote anything.
func (p *passedOver) err(of int, source string) error {
	if p.count == 0 {
		return nil
	}
	return fmt.Errorf("etcd: passed over %d of the %d members that %s: %w", p.count, of, source, errs.Bare(p.first))
}

// takesOn returns nil if m, which the cluster has named, can be used: m must be reachable from here and must
// show that it belongs to the cluster. An advertised URL may lead elsewhere from here, as
// http://localhost:2379 does. If the cluster reports no ID, as with etcd 0.x, an answer without an ID is
// enough.
func (c *Cluster) takesOn(ctx context.Context, m *Member) error {
	if c.members.find(m.base) != nil {
		return nil
	}
	sameScheme := false
	for _, known := range c.members.all() {
		sameScheme = sameScheme || known.seed && known.base.Scheme == m.base.Scheme
	}
	if !sameScheme {
		return errOtherScheme
	}
	return c.Belongs(ctx, m, dialTimeout)
}

// Belongs returns nil if m has shown that it is a member of the cluster, or an error that says what it has
// shown instead. It asks m, unless m has answered before and has not failed since.
func (c *Cluster) Belongs(ctx context.Context, m *Member, most time.Duration) error {
	if m.proven.Load() {
		return nil
	}
	v := c.Ask(ctx, m, c.config.Questions.Index(), most)
	switch {
	case v.Author == ThisCluster, v.Author == Unidentified && v.Outcome.settled() && !c.identity.known():
		return nil
	case v.Author == OtherCluster:
		return cmp.Or(v.Err, errs.ErrWrongCluster)
	}
	return fmt.Errorf("does not answer as a member of this cluster: %w", errs.Bare(cmp.Or(v.Err, errs.ErrWrongCluster)))
}

// identify learns the cluster's ID from one of its members, if no reply has reported it yet.
func (c *Cluster) identify(ctx context.Context) {
	if c.config.ClusterID == "" && !c.identity.known() {
		c.Do(ctx, c.config.Questions.Index())
	}
}

// Pin makes calls begin with the member at endpoint. It returns false if there is no such member.
func (c *Cluster) Pin(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	m := c.members.find(u)
	if m != nil {
		c.members.pin(m)
	}
	return m != nil
}

// At returns the member at endpoint. The member need not be one that calls can go to.
func (c *Cluster) At(endpoint string) (*Member, error) {
	if u, err := url.Parse(endpoint); err == nil {
		if known := c.members.find(u); known != nil {
			return known, nil
		}
	}
	return parseMember(endpoint)
}
