package etcd

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/etcdv2/client/gen"
)

// Member is a member of the cluster, as the cluster describes it.
type Member struct {
	ID         string   // lower-case hex; empty from etcd 0.x
	Name       string   // empty from etcd 0.x, and for a member that has not started yet
	PeerURLs   []string // where the other members reach it
	ClientURLs []string // where clients reach it; empty from etcd 0.x
}

// Machines returns the client URLs that the members which have started advertise. It returns ErrNotSupported if
// the server runs without the v2 API.
func (c *Client) Machines(ctx context.Context) ([]string, error) {
	var machines []string
	err := c.ask(ctx, gen.NewGetMachinesRequest(), areMachines(&machines))
	return machines, err
}

// areMachines accepts a list of URLs: at least one must be there, that of the member that answers. Others
// that are no URLs do not make the list unusable.
func areMachines(machines *[]string) wanted {
	return wanted{decode: func(text []byte) bool {
		*machines = nil
		list := false
		for machine := range strings.SplitSeq(string(text), ",") {
			if machine = strings.TrimSpace(machine); machine != "" {
				*machines = append(*machines, machine)
			}
			list = list || isURL.MatchString(machine)
		}
		return list
	}, not: "not a list of URLs; it may be empty until the members have published theirs"}
}

// isURL matches a URL of a member, on whose scheme the member decides.
var isURL = regexp.MustCompile(`^[a-z]+://[^\s<>"]+$`)

// Leader returns the member that leads the cluster. It returns ErrLeaderElect if there is no leader, and
// ErrNotSupported if the server runs without the v2 API. From etcd 0.x the Member has only PeerURLs, because
// such a server reports nothing else.
func (c *Client) Leader(ctx context.Context) (Member, error) {
	var wire gen.Member
	isMember := asJSON(&wire, func() bool { return wire.ID != "" })
	err := c.ask(ctx, gen.NewGetLeaderRequest(), wanted{isMember, "not a member", true})
	var reply *Error
	switch {
	case isRefusedBy(err, http.StatusNotFound):
		return c.legacyLeader(ctx)
	case errors.As(err, &reply) && reply.Message == "During election":
		return Member{}, &explained{ErrLeaderElect, err}
	case err != nil:
		return Member{}, err
	}
	return newMember(wire), nil
}

// legacyLeader asks as etcd 0.x wants to be asked; later versions do not have this path.
func (c *Client) legacyLeader(ctx context.Context) (Member, error) {
	var leader *url.URL
	err := c.ask(ctx, gen.NewGetLeaderURLRequest(), wanted{decode: func(text []byte) (ok bool) {
		var err error
		leader, err = url.Parse(strings.TrimSpace(string(text)))
		return err == nil && leader.Host != ""
	}, not: "not a leader's URL"})
	if err != nil {
		return Member{}, err
	}
	return Member{PeerURLs: []string{leader.String()}}, nil
}
