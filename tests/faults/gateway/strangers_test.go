package gateway_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

const (
	newcomers = 20 // clients, each of which knows nothing of the endpoints
	present   = "/present"
)

// A stranger is an endpoint that is not a member of the cluster.
type stranger struct {
	name string
	url  func(testing.TB) string

	// withoutV2 means that its answer shows that it does not serve v2, so that it cannot have applied a
	// write.
	withoutV2 bool
}

var strangers = []stranger{
	{"404 page", answers(http.StatusNotFound, "404 page not found\n"), true},
	{"etcd without v2", func(tb testing.TB) string { return etcdtest.Start(tb, etcdtest.WithoutV2()).Endpoints()[0] }, true},
	{"403 page", answers(http.StatusForbidden, "<html>Forbidden</html>"), false},
	{"429 page", answers(http.StatusTooManyRequests, "slow down"), false},
	{"200 page", answers(http.StatusOK, "<html>It works!</html>"), false},
	{"200 with nothing", answers(http.StatusOK, ""), false},
	{"101", func(tb testing.TB) string {
		return serve(tb, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "tunnel")
			w.WriteHeader(http.StatusSwitchingProtocols)
		})
	}, false},
}

func answers(status int, page string) func(testing.TB) string {
	return func(tb testing.TB) string {
		return serve(tb, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, page) // the client may have gone
		})
	}
}

func serve(tb testing.TB, handle http.HandlerFunc) string {
	s := httptest.NewServer(handle)
	tb.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// One of three endpoints is not etcd, or does not serve v2. No call fails because of it, whichever endpoint a
// client tries first. A write that is the first call of its client may end in ErrOutcomeUnknown, unless the
// answer of the stranger shows that it does not serve v2.
func TestOneEndpointIsNotEtcd(t *testing.T) {
	cluster := embedded35.start(t, 3)
	live.Must[*etcd.Response](t)(live.Client(t, cluster.Endpoints()...).Set(t.Context(), present, "here"))
	for _, stranger := range strangers {
		t.Run(stranger.name, func(t *testing.T) {
			endpoints := append(cluster.Endpoints()[:2], stranger.url(t))
			for _, order := range []struct {
				name  string
				calls []func(*visitor) error
			}{
				{"reads first", []func(*visitor) error{(*visitor).get, (*visitor).set, (*visitor).exists}},
				{"writes first", []func(*visitor) error{(*visitor).set, (*visitor).get, (*visitor).exists}},
			} {
				t.Run(order.name, func(t *testing.T) {
					var v visits
					for range newcomers {
						v.visit(&visitor{t, live.Connect(t, etcd.Config{Endpoints: endpoints})}, order.calls)
					}
					v.judge(t, stranger.withoutV2)
				})
			}
		})
	}
}

// visits are the results of the calls of all clients.
type visits struct {
	calls, failed int
	unknown       int   // failed writes of unknown outcome that were the first call of their client
	last          error // of a call that failed
}

// visit makes ten rounds of calls, and two more calls.
func (v *visits) visit(client *visitor, calls []func(*visitor) error) {
	first := true
	for range 10 {
		for _, call := range calls {
			v.note(call(client), first)
			first = false
		}
	}
	v.note(client.members(), false)
	v.note(client.createInOrder(), false)
}

func (v *visits) note(err error, first bool) {
	v.calls++
	if err == nil {
		return
	}
	v.failed, v.last = v.failed+1, err
	if first && errors.Is(err, etcd.ErrOutcomeUnknown) {
		v.unknown++
	}
}

func (v *visits) judge(t *testing.T, withoutV2 bool) {
	t.Logf("%d of %d calls failed, %d of them first writes of unknown outcome: %v", v.failed, v.calls, v.unknown, v.last)
	if v.failed > v.unknown {
		t.Errorf("%d calls failed although two of three endpoints serve", v.failed-v.unknown)
	}
	if withoutV2 && v.unknown > 0 {
		t.Errorf("%d writes are of unknown outcome, which a server without v2 cannot have applied", v.unknown)
	}
}

// visitor is a client that is new to its endpoints.
type visitor struct {
	t *testing.T
	*etcd.Client
}

func (v *visitor) get() error {
	resp, err := v.Get(v.t.Context(), present)
	if err == nil && resp.Node.Value != "here" {
		return fmt.Errorf("the value is %q", resp.Node.Value)
	}
	return err
}

func (v *visitor) exists() error {
	is, err := v.Exists(v.t.Context(), present)
	if err == nil && !is {
		return errors.New("it does not exist")
	}
	return err
}

func (v *visitor) set() error { return live.Err(v.Set(v.t.Context(), "/written", "x")) }

func (v *visitor) members() error { return live.Err(v.Members(v.t.Context())) }

func (v *visitor) createInOrder() error {
	return live.Err(v.CreateInOrder(v.t.Context(), "/jobs", "job"))
}
