package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/etcdv2/client/gen"
)

// Member is a member of the cluster as it describes itself.
type Member struct {
	ID         string   // lower-case hex; empty from etcd 0.x
	Name       string   // empty from etcd 0.x, and for a member that has not started yet
	PeerURLs   []string // where the other members reach it
	ClientURLs []string // where clients reach it; empty from etcd 0.x
}

// Machines returns the client URLs of all members that have started, as they advertise them. It returns
// ErrNotSupported where the server runs without the v2 API.
func (c *Client) Machines(ctx context.Context) ([]string, error) {
	body, err := readBody(c.gen.GetMachines(ctx))
	if err != nil {
		return nil, err
	}
	var machines []string
	for machine := range strings.SplitSeq(string(body), ",") {
		if machine = strings.TrimSpace(machine); machine != "" {
			machines = append(machines, machine)
		}
	}
	return machines, nil
}

// Leader returns the member that leads the cluster. It returns ErrLeaderElect where there is
// none, and ErrNotSupported where the server runs without the v2 API. From etcd 0.x it has only
// PeerURLs: that is all such a server tells.
func (c *Client) Leader(ctx context.Context) (Member, error) {
	resp, err := c.gen.GetMembersLeader(ctx)
	body, err := readBody(resp, err)
	var reply *Error
	switch {
	case errors.As(err, &reply) && reply.StatusCode == http.StatusNotFound:
		return c.legacyLeader(ctx)
	case errors.As(err, &reply) && reply.Message == "During election":
		return Member{}, fmt.Errorf("%w: %w", ErrLeaderElect, err)
	case err != nil:
		return Member{}, err
	}
	var wire gen.Member
	if err := json.Unmarshal(body, &wire); err != nil || wire.ID == "" {
		return Member{}, foreign(resp, body, "not a member")
	}
	return newMember(wire), nil
}

// legacyLeader asks as etcd 0.x wants to be asked; later versions do not have this path.
func (c *Client) legacyLeader(ctx context.Context) (Member, error) {
	resp, err := c.gen.GetLeader(ctx)
	body, err := readBody(resp, err)
	if err != nil {
		return Member{}, err
	}
	leader, err := url.Parse(strings.TrimSpace(string(body)))
	if err != nil || leader.Host == "" {
		return Member{}, foreign(resp, body, "not a leader's URL")
	}
	return Member{PeerURLs: []string{leader.String()}}, nil
}
