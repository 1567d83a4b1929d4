package etcd

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

const (
	oneMember   = `{"id":"8211f1d0f64f3269","name":"m1","peerURLs":["http://p:2380"],"clientURLs":["http://c:2379"]}`
	addedMember = `{"id":"ea79e7cb41ed9a34","name":"","peerURLs":["http://q:2380"],"clientURLs":[]}`
	pageMissing = missingPage + "\n"
)

// said answers as etcd does off the keys: with words and no code.
func said(status int, message string) http.HandlerFunc {
	return text(status, `{"message":"`+message+`"}`, "Content-Type", "application/json")
}

func TestMembersReadsTheList(t *testing.T) {
	s := serve(t, text(200, `{"members":[`+oneMember+`,`+addedMember+`]}`+"\n"))
	got, err := connect(t, s.url).Members(t.Context())
	check(t, "error", err, nil)
	check(t, "members", got, []Member{
		{ID: "8211f1d0f64f3269", Name: "m1", PeerURLs: []string{"http://p:2380"}, ClientURLs: []string{"http://c:2379"}},
		{ID: "ea79e7cb41ed9a34", PeerURLs: []string{"http://q:2380"}, ClientURLs: []string{}},
	})
	check(t, "requests", s.got(), []string{"GET /v2/members"})
}

func TestMembersRefusesOtherReplies(t *testing.T) {
	for _, body := range []string{"", "{}", "[]", "<html>", `{"members":7}`} {
		_, err := connect(t, serve(t, text(200, body)).url).Members(t.Context())
		check(t, body, status(err), 200)
	}
}

func TestChangesOfMembersOnTheWire(t *testing.T) {
	s := serve(t, text(201, addedMember), text(204, ""), text(204, ""))
	client := connect(t, s.url)
	added, err := client.AddMember(t.Context(), "http://q:2380")
	check(t, "error", err, nil)
	check(t, "added", added, Member{ID: "ea79e7cb41ed9a34", PeerURLs: []string{"http://q:2380"}, ClientURLs: []string{}})
	check(t, "update", client.UpdateMember(t.Context(), added.ID, "http://q:1", "https://[::1]:2"), nil)
	check(t, "remove", client.RemoveMember(t.Context(), added.ID), nil)
	check(t, "requests", s.got(), []string{
		`POST /v2/members {"peerURLs":["http://q:2380"]}`,
		`PUT /v2/members/ea79e7cb41ed9a34 {"peerURLs":["http://q:1","https://[::1]:2"]}`,
		`DELETE /v2/members/ea79e7cb41ed9a34`,
	})
	// Etcd up to 3.0 takes no other.
	check(t, "content type", s.headers[0].Get("Content-Type"), "application/json")
}

func TestChangesOfMembersThatEtcdWouldRefuseSendNothing(t *testing.T) {
	type C = *Client
	calls := unsendable{
		"update: no ID":    func(ctx context.Context, c C) error { return c.UpdateMember(ctx, "", "http://q:1") },
		"update: no URL":   func(ctx context.Context, c C) error { return c.UpdateMember(ctx, "a1") },
		"remove: no ID":    func(ctx context.Context, c C) error { return c.RemoveMember(ctx, "") },
		"remove: name":     func(ctx context.Context, c C) error { return c.RemoveMember(ctx, "m1") },
		"remove: path":     func(ctx context.Context, c C) error { return c.RemoveMember(ctx, "a1/..") },
		"remove: too long": func(ctx context.Context, c C) error { return c.RemoveMember(ctx, "12345678901234567") },
		"add: nothing":     func(ctx context.Context, c C) error { _, err := c.AddMember(ctx); return err },
		"add: the same once": func(ctx context.Context, c C) error {
			_, err := c.AddMember(ctx, "http://q:1", "http://q:1")
			return err
		},
	}
	for _, peerURL := range []string{"", "q:2380", "//q:2380", "ftp://q:1", "unix://q:1", "http://q", "http://:1", "http://q:1/", "http://q:1?a", "http://q:1#a", "http://u:p@q:1", "http://%zz:1"} {
		calls["add: "+peerURL] = func(ctx context.Context, c C) error { _, err := c.AddMember(ctx, peerURL); return err }
	}
	calls.check(t)
}

func TestRefusedChangesOfMembersSayWhy(t *testing.T) {
	for message, test := range map[string]struct {
		status int
		want   error
	}{
		"No such member: a1":             {404, ErrMemberNotFound},
		"Member permanently removed: a1": {410, ErrMemberRemoved},
		"etcdserver: peerURL exists":     {409, ErrMemberExists},
		"membership: ID exists":          {409, ErrMemberExists},
		"Insufficient credentials":       {401, ErrUnauthorized},
		"Internal Server Error":          {500, ErrOutcomeUnknown},
	} {
		t.Run(message, func(t *testing.T) {
			s := serve(t, said(test.status, message))
			client := connect(t, s.url, s.url)
			_, err := client.AddMember(t.Context(), "http://q:1")
			for _, err := range []error{err, client.UpdateMember(t.Context(), "a1", "http://q:1"), client.RemoveMember(t.Context(), "a1")} {
				checkIs(t, err, test.want)
				check(t, "status", status(err), test.status)
				if test.status != 500 {
					checkNot(t, err, ErrOutcomeUnknown)
				}
			}
			check(t, "number of requests", len(s.got()), 3)
		})
	}
}

// What may have arrived is never sent to another member.
func TestChangesOfMembersAreSentOnce(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{"hangup": hangup, "cut": cut, "5xx": said(500, "Internal Server Error")} {
		t.Run(name, func(t *testing.T) {
			first, second := serve(t, reply), serve(t, text(201, addedMember))
			client := connect(t, first.url, second.url)
			_, err := client.AddMember(t.Context(), "http://q:1")
			checkIs(t, err, ErrOutcomeUnknown)
			check(t, "requests to the second", second.got(), []string(nil))
		})
	}
	second := serve(t, text(201, addedMember))
	_, err := connect(t, closedPort, second.url).AddMember(t.Context(), "http://q:1")
	check(t, "where the first refuses the connection", err, nil)
}

func TestYesInOtherWordsIsNoYes(t *testing.T) {
	// The others are JSON, but say neither which member was added nor which user or role was created.
	for _, body := range []string{"<html>fine</html>", "{}", "null", `{"id":"","user":"b","role":"b"}`} {
		client := connect(t, serve(t, text(200, body)).url)
		added, err := client.AddMember(t.Context(), "http://q:1")
		check(t, "added", added, Member{})
		for _, err := range []error{
			err, client.UpdateMember(t.Context(), "a1", "http://q:1"), client.RemoveMember(t.Context(), "a1"),
			client.Auth().Enable(t.Context()), client.Auth().DeleteUser(t.Context(), "a"), client.Auth().DeleteRole(t.Context(), "a"),
			client.Auth().CreateUser(t.Context(), "a", "secret", "r"), client.Auth().CreateRole(t.Context(), "r", Permissions{}),
		} {
			checkIs(t, err, ErrOutcomeUnknown)
			check(t, "status", status(err), 200)
		}
	}
}

func TestMembersOfOldServers(t *testing.T) {
	for version, want := range map[string]string{
		"etcd 0.4.9": "; etcd 0.4.9 may be too old for this path, or the endpoint may be a peer URL",
		`{"etcdserver":"3.5.35","etcdcluster":"3.5.0"}`: "; etcd 3.5.35 may have been started without --enable-v2, or the endpoint may be a peer URL",
		`{"etcdserver":"3.6.0","etcdcluster":"3.6.0"}`:  "; it is etcd 3.6.0, and etcd has no v2 API from 3.6 on",
		"<html>": "; its version could not be learned: it may not be etcd, or the endpoint may be a peer URL",
	} {
		s := serve(t, text(404, pageMissing), text(200, version))
		_, err := connect(t, s.url).Members(t.Context())
		checkIs(t, err, ErrNotSupported)
		check(t, "status", status(err), 404)
		if text := err.Error(); !strings.HasPrefix(text, "etcd: GET /v2/members: not supported by the server: ") || !strings.Contains(text, want) {
			t.Errorf("error is %v", err)
		}
		check(t, "requests", s.got(), []string{"GET /v2/members", "GET /version"})
	}
}
