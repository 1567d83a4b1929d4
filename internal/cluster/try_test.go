package cluster

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// A member that is tried after another must get the same request, its body included.
func TestRequestIsWholeForEachMember(t *testing.T) {
	call := newCall(t, "PUT", "/v2/keys/k?prevIndex=3", "value=v")
	members := seeds(t, "http://a", "http://b/prefix")
	for i, want := range []string{"http://a/v2/keys/k?prevIndex=3", "http://b/prefix/v2/keys/k?prevIndex=3"} {
		target, err := members[i].target(call.Request, "/v2")
		if err != nil {
			t.Fatal(err)
		}
		out, err := call.requestTo(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(out.Body)
		got := []any{out.Method, out.URL.String(), out.Host, string(body), err}
		check(t, "request", got, []any{"PUT", want, "", "value=v", nil})
	}
	check(t, "the caller's URL", call.Request.URL.String(), "/v2/keys/k?prevIndex=3")
}

func TestCallersOwnEndDoesNotSetAMemberAside(t *testing.T) {
	for name, end := range map[string]func(*Cluster, context.CancelCauseFunc){
		"cancel":            func(_ *Cluster, cancel context.CancelCauseFunc) { cancel(nil) },
		"cancel with cause": func(_ *Cluster, cancel context.CancelCauseFunc) { cancel(errors.New("enough")) },
		"close":             func(c *Cluster, _ context.CancelCauseFunc) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net fakenet.Network
				net.Serve(t, "a", server(hang))
				c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(time.Second, func() { end(c, cancel) })
				call := newCall(t, "GET", "/v2/keys/k", "")
				call.Read = true
				if result := c.Do(ctx, call); result.Settled() || result.Err == nil {
					t.Errorf("got %+v", result)
				}
				check(t, "aside", c.members.all()[0].health.aside(), false)
			})
		})
	}
}
