package etcd

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
)

// The point to look back to is one of the history as it is now: the highest index that was ever seen may be
// one from before the cluster was restored, and the write be at a lower one.
func TestIndexIsAskedForBeforeEachWrite(t *testing.T) {
	test := settling{
		call: func(ctx context.Context, c *Client) (*Response, error) {
			if _, err := c.Get(ctx, "/k"); err != nil {
				return nil, err
			}
			return create(ctx, c)
		},
		script: script{
			head: before, write: replies{noWord}, read: replies{file("get", "/k", "", 90), theirs},
			poll: replies{file("create", "/k", token, 8)},
		},
		want: "create /k@8", sent: []string{"GET /v2/keys/k", headLine, createLine, readLine, pollLine},
	}
	test.check(t)
}

// A gateway may not let a HEAD through.
func TestIndexIsHadWithoutHead(t *testing.T) {
	for name, head := range map[string]http.HandlerFunc{"405": text(405, ""), "403": text(403, "")} {
		t.Run(name, (&settling{
			call: create, script: script{head: replies{head}, read: replies{nothing, gone}, write: replies{noWord}, poll: replies{file("create", "/k", token, 8)}},
			want: "create /k@8", sent: []string{headLine, "GET /v2/keys/k", createLine, readLine, pollLine},
		}).check)
	}
}

// A user that may only write can write, and settle nothing.
func TestWriteWithoutTheRightToRead(t *testing.T) {
	denied := replies{refusing(401, ErrUnauthorized, "", 0)}
	for _, test := range []settling{
		{
			name: "known", script: script{head: denied, write: replies{file("create", "/k", token, 8)}},
			want: "create /k@8", sent: []string{headLine, createLine},
		},
		{
			name: "unknown", script: script{head: denied, write: replies{noWord}, read: denied},
			err: ErrOutcomeUnknown, sent: []string{headLine, createLine, readLine},
		},
		{
			name: "unknown, and of a server that tells no cluster",
			script: script{
				head: denied, write: replies{noWord},
				read: replies{text(404, `{"errorCode":100,"message":"Key not found","cause":"/k","index":7}`, "X-Etcd-Index", "7")},
			},
			err: ErrOutcomeUnknown, sent: nil,
		},
		{
			name: "unknown, and granted since", script: script{head: denied, write: replies{noWord}, read: replies{nothing}},
			err: ErrOutcomeUnknown, sent: []string{headLine, createLine, readLine},
		},
	} {
		test.call = create
		t.Run(test.name, test.check)
	}
}

// Without such a point a write in doubt could not be settled.
func TestNothingIsWrittenWhereTheIndexCannotBeHad(t *testing.T) {
	for name, call := range unique {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{head: replies{failing}, read: replies{failing}}
				client, member := s.client(t)
				_, err := call(t.Context(), client)
				checkNot(t, err, ErrOutcomeUnknown)
				check(t, "requests", len(member.got()), 1)
			})
		})
	}
}

// Etcd 0.4 gives a HEAD of a key no index, no answer an ID, and a quorum read the index of the node.
func TestSettlingOnEtcd0(t *testing.T) {
	missing := text(404, `{"errorCode":100,"message":"Key not found","cause":"/k","index":7}`, "X-Etcd-Index", "7")
	(&settling{
		call: create,
		script: script{
			head: replies{text(404, "", "X-Etcd-Index", "7")}, read: replies{missing},
			write: replies{noWord, nameless(file("create", "/k", token, 8))},
		},
		want: "create /k@8", sent: []string{headLine, createLine, readLine, createLine},
	}).check(t)
}
