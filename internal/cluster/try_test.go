package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
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
		out, err := call.requestTo(t.Context(), members[i].target(call.Request, "/v2"))
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

// switchProtocols takes the connection away from HTTP, and says nothing more on it.
func switchProtocols(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
	_, _ = io.Copy(io.Discard, conn) // until the client closes it
}

// An upgraded connection is nobody's: no context ends a read of it.
func TestSwitchingProtocolsIsNoAnswer(t *testing.T) {
	for _, method := range []string{"GET", "PUT"} {
		for _, wait := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var net fakenet.Network
				net.Serve(t, "a", member(switchProtocols))
				net.Serve(t, "b", member(text(200, 7, "")))
				c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial})
				call := newCall(t, method, "/v2/keys/k", "")
				call.Read, call.Wait = method == "GET", wait
				result := c.Do(t.Context(), call)
				if result.Open != nil {
					result.Open.Close()
				}
				want := Unknown // a write that may have been applied
				if call.Read {
					want = Done // by the other member
				}
				check(t, method, result.Outcome, want)
				check(t, "set aside", c.members.all()[0].health.aside(), true)
			})
		}
	}
}
