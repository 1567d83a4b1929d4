package etcd

import (
	"net/http"
	"strings"
	"testing"
)

// What an error says must have been seen, and help.
func TestTextsOfErrors(t *testing.T) {
	client := func(reply http.HandlerFunc) *Client { return connect(t, serve(t, reply).url) }
	unstarted := client(text(200, ""))
	follower := serve(t)
	follower.replies = []http.HandlerFunc{named(follower.url, "http://elsewhere:2379")}
	following := connect(t, follower.url)
	following.selection = SelectLeader
	expired := `{"action":"get","node":{"key":"/k","value":"v","expiration":"2026-11-22T08:55:53Z","modifiedIndex":3,"createdIndex":3}}`
	keep := func(current string) (string, error) { return current, nil }
	for want, call := range map[string]func() error{
		`etcd: none of the client URLs ["::" "http://elsewhere:2379"] of the leader "m1" is a known endpoint; put one into Endpoints`: func() error {
			return following.Sync(t.Context())
		},
		"etcd: modify /k: key not found: its TTL has passed": func() error {
			_, err := client(keys(200, 7, expired)).Modify(t.Context(), "/k", keep)
			return err
		},
		`etcd: peer URL "q:2380" does not begin with http:// or https://`: func() error {
			_, err := unstarted.AddMember(t.Context(), "q:2380")
			return err
		},
		"etcd: peer URL has credentials; remove them": func() error {
			_, err := unstarted.AddMember(t.Context(), "http://root:"+secret+"@q:port")
			return err
		},
	} {
		if err := call(); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v\nis not %s", err, want)
		}
	}
}
