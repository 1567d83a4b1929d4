package cluster

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// Endpoints returns the URLs of the members that calls can go to now.
func (c *Cluster) Endpoints() []string { return c.members.endpoints() }

// Discover adds what Config.Discover finds to the members. It does nothing without that. It passes over an
// endpoint that cannot be used, and returns an error that names it. It ends with ctx, after
// Config.AttemptTimeout, and with Close: a name server may never answer.
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

// discovered returns the member at endpoint, which Config.Discover has found. The DNS is not configuration:
// it cannot take back the TLS that the configuration asks for.
func (c *Cluster) discovered(endpoint string) (*Member, error) {
	m, err := parseMember(endpoint)
	if err != nil {
		return nil, err
	}
	if c.secure && m.base.Scheme != "https" {
		return nil, errs.Invalidf("discovery names %s, but TLS is configured; announce members by records with TLS", endpoint)
	}
	m.seed = true
	return m, nil
}

// lookUp calls Config.Discover within the bounds of an attempt.
func (c *Cluster) lookUp(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.life, func() { cancel(context.Cause(c.life)) })()
	if most := c.config.AttemptTimeout; most > 0 {
		timer := time.AfterFunc(most, func() {
			cancel(fmt.Errorf("etcd: no members found within %v: %w", most, os.ErrDeadlineExceeded))
		})
		defer timer.Stop()
	}
	endpoints, err := c.config.Discover(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return endpoints, err
}

// mostAsked is how many members are asked at once whether they can be used.
const mostAsked = 16

// Advertise makes the members the configured ones and those of the endpoints, which the cluster has named,
// that can be used. They are asked side by side. It passes over an endpoint that is not one, and returns an
// error that names it; if none is one, the members stay.
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
			identify() // or m could teach the ID of its own cluster
		}
		turns <- struct{}{}
		asking.Go(func() {
			defer func() { <-turns }()
			if c.takesOn(ctx, m) {
				usable[i] = m
			}
		})
	}
	asking.Wait()
	if odd.count < len(endpoints) { // or such a list says nothing of the members
		c.members.advertise(slices.DeleteFunc(usable, func(m *Member) bool { return m == nil }))
	}
	return odd.err(len(endpoints), "the cluster names")
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

// err returns nil if there are none, or an error that tells of the first alone: a list that a stranger has
// written may quote anything.
func (p *passedOver) err(of int, source string) error {
	if p.count == 0 {
		return nil
	}
	return fmt.Errorf("etcd: passed over %d of the %d members that %s: %w", p.count, of, source, p.first)
}

// takesOn reports whether m, which the cluster has named, can be used: it answers here, and shows that it is
// of the cluster. What a cluster advertises may lead elsewhere from here, as http://localhost:2379 does.
// Where the cluster tells no ID, as etcd 0.x, an answer without one must do.
func (c *Cluster) takesOn(ctx context.Context, m *Member) bool {
	if c.members.find(m.base) != nil {
		return true
	}
	sameScheme := false
	for _, known := range c.members.all() {
		sameScheme = sameScheme || known.seed && known.base.Scheme == m.base.Scheme
	}
	if !sameScheme {
		return false
	}
	v := c.Ask(ctx, m, c.config.Questions.Index(), dialTimeout)
	return v.Author == ThisCluster || v.Author == Unidentified && v.Outcome.settled() && !c.identity.known()
}

// identify learns the cluster's ID from one of its members, if a reply has not told it yet.
func (c *Cluster) identify(ctx context.Context) {
	if c.config.ClusterID == "" && !c.identity.known() {
		c.Do(ctx, c.config.Questions.Index())
	}
}

// Pin makes calls begin with the member at endpoint. It returns false if there is none.
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

// At returns the member that is reached at endpoint: one that calls can go to, or another.
func (c *Cluster) At(endpoint string) (*Member, error) {
	if u, err := url.Parse(endpoint); err == nil {
		if known := c.members.find(u); known != nil {
			return known, nil
		}
	}
	return parseMember(endpoint)
}
