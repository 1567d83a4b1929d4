package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/foreign"
)

var (
	// ErrUnhealthy means that a member is not healthy or does not answer.
	ErrUnhealthy = errs.New("etcd: not healthy")

	// ErrNotStarted means that a member was added and has not started yet.
	ErrNotStarted = errs.New("etcd: not started")
)

// MemberHealth is the health of one member.
type MemberHealth struct {
	Member   Member // as the cluster lists it; only client URLs if no member returned the list
	Endpoint string // the URL at which it was asked last; empty if it has not started
	Err      error  // nil if the member is healthy
}

// HealthError means that some members are not healthy. It matches ErrUnhealthy, and unwraps to the error of each
// of them.
type HealthError struct {
	Sick    []MemberHealth // those that are not well; at least one
	Members int            // how many there are in all
}

// Error names each member that is not healthy, with its error.
func (e *HealthError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "etcd: health: %d of %d members not healthy: ", len(e.Sick), e.Members)
	for i, sick := range e.Sick {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %v", sick.name(), errs.Bare(sick.Err))
	}
	return b.String()
}

// Is reports whether target is ErrUnhealthy.
func (e *HealthError) Is(target error) bool { return target == ErrUnhealthy }

// Unwrap returns the members' errors.
func (e *HealthError) Unwrap() []error {
	all := make([]error, len(e.Sick))
	for i, sick := range e.Sick {
		all[i] = sick.Err
	}
	return all
}

// name returns what people call the member: its name and where it is.
func (h MemberHealth) name() string {
	switch {
	case h.Endpoint == "":
		return fmt.Sprintf("member %s at %s", h.Member.ID, strings.Join(h.Member.PeerURLs, ", "))
	case h.Member.Name == "":
		return h.Endpoint
	}
	return foreign.Line(h.Member.Name, mostShown) + " at " + h.Endpoint
}

// Health asks every member whether it is healthy: whether it has a leader and the cluster makes progress, as the
// member itself reports. It returns the health of each member, in the order in which the cluster lists them, and
// a *HealthError that names the unhealthy ones, unless all are healthy.
//
// Health asks all members that the cluster lists at once, at the client URLs that they advertise, without
// credentials. They must be reachable there, and must show the cluster's ID. If no member returns the list,
// Health asks the endpoints that the client knows, and the error also says why. It returns ErrNotSupported if the
// server runs without the v2 API. On etcd 0.x, which reports nothing more, a member is healthy if it knows the
// leader.
//
// A member reads with quorum to answer. So Health leaves an entry in the log for each member, and etcd 3.6 does not
// start with it; see WithQuorum. SelfStats, Leader and Version leave none.
func (c *Client) Health(ctx context.Context) ([]MemberHealth, error) {
	members, unlisted := c.membersToAsk(ctx)
	if members == nil {
		return nil, unlisted
	}
	all := make([]MemberHealth, len(members))
	var asking sync.WaitGroup
	for i, m := range members {
		asking.Go(func() { all[i] = c.memberHealth(ctx, m) })
	}
	asking.Wait()
	sick := &HealthError{Members: len(all)}
	for _, h := range all {
		if h.Err != nil {
			sick.Sick = append(sick.Sick, h)
		}
	}
	switch {
	case len(sick.Sick) == 0:
		return all, unlisted
	case unlisted == nil:
		return all, sick
	}
	return all, fmt.Errorf("%w; the endpoints were asked, because no member has listed all: %w", sick, errs.Bare(unlisted))
}

// membersToAsk returns the cluster's members; or else the endpoints and why it cannot be those; or, where
// nothing is to be asked, nil and why.
func (c *Client) membersToAsk(ctx context.Context) ([]Member, error) {
	members, err := c.Members(ctx)
	if err == nil {
		return members, nil
	}
	endpoints := c.Endpoints()
	if isRefusedBy(err, http.StatusNotFound) { // etcd 0.x; members that are down do not answer at all
		machines, notEvenThose := c.Machines(ctx)
		switch {
		case notEvenThose == nil:
			endpoints, err = machines, nil
		case errors.Is(err, ErrNotSupported):
			return nil, err
		}
	}
	if errors.Is(err, ErrClosed) || ctx.Err() != nil {
		return nil, err
	}
	for _, endpoint := range endpoints {
		members = append(members, Member{ClientURLs: []string{endpoint}})
	}
	return members, err
}

// memberHealth asks m until one of its client URLs answers.
func (c *Client) memberHealth(ctx context.Context, m Member) MemberHealth {
	h := MemberHealth{Member: m, Err: ErrNotStarted}
	for i, endpoint := range m.ClientURLs {
		h.Endpoint = endpoint
		if h.Err = c.wellAt(ctx, endpoint, len(m.ClientURLs)-i); h.Err == nil {
			break
		}
	}
	return h
}

// wellAt returns nil if the member at endpoint says that it is well. left is how many endpoints share the
// time.
func (c *Client) wellAt(ctx context.Context, endpoint string, left int) error {
	var said struct {
		Health any `json:"health"` // the word "true"; a boolean would be no surprise
	}
	isHealthy := asJSON(&said, func() bool { return said.Health == "true" || said.Health == true })
	want := wanted{decode: isHealthy, not: "does not say that it is healthy"}
	err := c.askAt(ctx, endpoint, gen.NewGetHealthRequest(), want, left)
	if errors.Is(err, ErrNotSupported) {
		return c.wellAtLegacy(ctx, endpoint, left)
	}
	return err
}

// wellAtLegacy asks as etcd 0.x can be asked.
func (c *Client) wellAtLegacy(ctx context.Context, endpoint string, left int) error {
	anything := wanted{decode: func([]byte) bool { return true }}
	return c.askAt(ctx, endpoint, gen.NewGetLeaderURLRequest(), anything, left)
}

// askAt makes a call that reads something other than keys at the member at endpoint alone, without
// credentials. It need not be a member that requests go to, but it must show the cluster's ID first, because
// an advertised URL may lead elsewhere from here. left is how many such calls share the time.
func (c *Client) askAt(ctx context.Context, endpoint string, req *http.Request, want wanted, left int) error {
	m, err := c.cluster.At(endpoint)
	if err != nil {
		return err
	}
	began, share := time.Now(), c.cluster.Share(ctx, left)
	if err := c.cluster.Belongs(ctx, m, share); err != nil {
		return err
	}
	call := newTextCall(req, want)
	call.Read = true
	verdict := c.cluster.Ask(ctx, m, &call.Call, max(share-time.Since(began), time.Millisecond))
	if verdict.Missing {
		return &notSupportedError{c.versionOf(ctx, m), verdict.Err}
	}
	return verdict.Err
}
