package etcd

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdv2/client/gen"

	"github.com/etcdv2/client/internal/errs"
)

// Etcd has no error codes for changes of the members, so their reasons are errors of their own.
var (
	// ErrMemberNotFound means that the cluster has no member with the ID.
	ErrMemberNotFound = errs.New("etcd: no such member")

	// ErrMemberExists means that a member already has one of the peer URLs.
	ErrMemberExists = errs.New("etcd: member exists")

	// ErrMemberRemoved means that the member was removed before. Its ID is never used again.
	ErrMemberRemoved = errs.New("etcd: member was removed")
)

// What servers say of a refused change of the members.
var memberReasons = []reason{
	{http.StatusNotFound, "No such member: ", ErrMemberNotFound},
	{http.StatusConflict, "", ErrMemberExists},
	{http.StatusGone, "", ErrMemberRemoved},
}

// Members returns all members as the answering member knows them, including those that are down. A member that
// was added and has not started yet has no name and no client URLs. Members returns ErrNotSupported on etcd 0.x,
// where Machines returns what is known.
func (c *Client) Members(ctx context.Context) ([]Member, error) {
	var wire gen.MemberList
	isList := asJSON(&wire, func() bool { return wire.Members != nil })
	err := c.ask(ctx, gen.NewGetMembersRequest(), wanted{isList, "not a list of members", true})
	if err != nil {
		return nil, explain(err)
	}
	members := make([]Member, len(wire.Members))
	for i, m := range wire.Members {
		members[i] = newMember(m)
	}
	return members, nil
}

// AddMember announces to the cluster a member that is about to start, at peerURLs for the other members, and
// returns it with its ID. The member has no name and no client URLs before it starts.
//
// The new member counts at once: a cluster of one member stands still until the second has started. Start each
// member before you add the next.
//
// Etcd may drop a change of members (AddMember, UpdateMember or RemoveMember) that comes right after another,
// even after one that it refused. The error is ErrOutcomeUnknown after 5 s or more, and nothing has changed
// (etcd-io/etcd#15528, seen on 2.3.8 and 3.5.35).
//
// AddMember returns ErrInvalidArgument for anything that is not a peer URL, ErrMemberExists if a member has one
// of the URLs, ErrUnauthorized if authentication is on and the client's user is not root, and ErrNotSupported on
// etcd 0.x. Etcd 3.x refuses the call while a member is not connected to the others, or has been for less than 5
// s. Its words do not distinguish that from a failure, so the error is ErrOutcomeUnknown. After
// ErrOutcomeUnknown, check with Members.
func (c *Client) AddMember(ctx context.Context, peerURLs ...string) (Member, error) {
	if err := checkPeerURLs(peerURLs); err != nil {
		return Member{}, err
	}
	req, err := gen.NewAddMemberRequest(gen.MemberRequest{PeerURLs: peerURLs})
	if err != nil {
		return Member{}, err
	}
	var wire gen.Member
	isMember := asJSON(&wire, func() bool { return wire.ID != "" })
	if err := c.change(ctx, req, wanted{isMember, "not a member", true}); err != nil {
		return Member{}, explain(err, memberReasons...)
	}
	return newMember(wire), nil
}

// UpdateMember replaces the peer URLs of the member with the ID. It returns ErrInvalidArgument for anything that
// is not an ID or a peer URL, ErrMemberNotFound, ErrMemberExists if another member has one of the URLs,
// ErrUnauthorized as AddMember does, and ErrNotSupported on etcd 0.x. It returns ErrOutcomeUnknown for a member
// that was removed, because etcd answers as if it had failed, and if etcd drops the change; see AddMember.
func (c *Client) UpdateMember(ctx context.Context, id string, peerURLs ...string) error {
	if err := checkMemberID(id); err != nil {
		return err
	}
	if err := checkPeerURLs(peerURLs); err != nil {
		return err
	}
	req, err := gen.NewUpdateMemberRequest(id, gen.MemberRequest{PeerURLs: peerURLs})
	if err != nil {
		return err
	}
	return explain(c.change(ctx, req, isEmpty), memberReasons...)
}

// RemoveMember removes the member with the ID permanently. Its server stops by itself. Endpoints that lead to it
// stay in the client until the next Sync, or for ever if they were configured.
//
// It returns ErrInvalidArgument for anything that is not an ID, ErrMemberNotFound, ErrMemberRemoved if the
// member was removed before, ErrUnauthorized as AddMember does, and ErrNotSupported on etcd 0.x. Etcd 3.x
// refuses, with ErrOutcomeUnknown, a removal that would leave too few members that are up. Every version may
// drop the change; see AddMember.
func (c *Client) RemoveMember(ctx context.Context, id string) error {
	if err := checkMemberID(id); err != nil {
		return err
	}
	return explain(c.change(ctx, gen.NewRemoveMemberRequest(id), isEmpty), memberReasons...)
}

func newMember(wire gen.Member) Member {
	return Member{ID: wire.ID, Name: wire.Name, PeerURLs: wire.PeerURLs, ClientURLs: wire.ClientURLs}
}

func checkMemberID(id string) error {
	if _, err := strconv.ParseUint(id, 16, 64); err != nil {
		return errs.Invalidf("member ID %q is not a hexadecimal number", id)
	}
	return nil
}

// checkPeerURLs refuses what etcd would, and the same URL twice, which etcd takes.
func checkPeerURLs(peerURLs []string) error {
	if len(peerURLs) == 0 {
		return errs.Invalidf("peer URLs are missing")
	}
	for i, peerURL := range peerURLs {
		if strings.Contains(peerURL, "@") { // with a password before it, in any spelling
			return errs.Invalidf("peer URL has credentials; remove them")
		}
		u, err := url.Parse(peerURL)
		switch {
		case !strings.Contains(peerURL, "://") || err == nil && u.Scheme != "http" && u.Scheme != "https":
			return errs.Invalidf("peer URL %q does not begin with http:// or https://", peerURL)
		case err != nil:
			return errs.Invalidf("peer URL %q is not a URL", peerURL)
		case u.Hostname() == "" || u.Port() == "":
			return errs.Invalidf("peer URL %q has no host, or no port", peerURL)
		case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
			return errs.Invalidf("peer URL %q has a path, a query or a fragment; remove it", peerURL)
		case slices.Contains(peerURLs[:i], peerURL):
			return errs.Invalidf("peer URL %q is listed twice", peerURL)
		}
	}
	return nil
}
