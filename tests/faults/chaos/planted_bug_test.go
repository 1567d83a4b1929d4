package chaos_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// resender is a transport with the bug that the library must not have: it sends a compare-and-swap
// that got no answer again, to the next member, and takes the second answer for that of the first.
type resender struct {
	next  http.RoundTripper
	other map[string]string // host of the next member
}

func (r resender) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err == nil || !isSwap(req) {
		return resp, err
	}
	again := req.Clone(req.Context())
	again.URL.Host = r.other[req.URL.Host]
	if again.Body, err = req.GetBody(); err != nil {
		return nil, err
	}
	return r.next.RoundTrip(again)
}

func isSwap(req *http.Request) bool {
	if req.Method != http.MethodPut || req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	if err != nil {
		return false
	}
	form, err := io.ReadAll(body)
	return err == nil && strings.Contains(req.URL.RawQuery+string(form), "prev")
}

// The check of TestLinearizable finds a client that repeats its writes, and has nothing to say against
// the same client without that fault, on the same servers under the same proxies.
func TestPlantedBugIsFound(t *testing.T) {
	if os.Getenv("CHAOS_SECONDS") == "" {
		t.Skip("make chaos runs it; the simulation has the short form: registers/write-repeated")
	}
	for _, test := range []struct {
		name    string
		planted bool
		rounds  int // at most, since one is enough to find it
	}{{"planted", true, 20}, {"not planted", false, 2}} {
		t.Run(test.name, func(t *testing.T) {
			r := newRun(t, 0)
			cluster := front(t, embedded35.start(t, 3))
			s := &registers{run: r}
			for range 4 {
				s.clients = append(s.clients, pooledClient(t, cluster.urls(), test.planted))
			}
			cluster.use(faultproxy.Writes(func() faultproxy.Fault {
				if rand.IntN(5) == 0 {
					return faultproxy.DropReply
				}
				return faultproxy.Pass
			}))
			found := 0
			for s.round < test.rounds && found == 0 {
				found = len(s.play(time.Second).violations())
			}
			r.count("not linearizable", found)
			r.summarize()
			if (found > 0) != test.planted {
				t.Errorf("planted: %v; %d of %d histories are not linearizable", test.planted, found, r.counted("histories checked"))
			}
		})
	}
}

// pooledClient returns a client with a transport of the test's own, which has the bug or has not.
func pooledClient(t *testing.T, endpoints []string, planted bool) *etcd.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config := etcd.Config{Endpoints: endpoints, HTTPClient: &http.Client{Transport: transport}}
	if planted {
		config.HTTPClient.Transport = resender{transport, successors(t, endpoints)}
	}
	return live.Connect(t, config)
}

// successors maps each endpoint's host to that of the next one.
func successors(t *testing.T, endpoints []string) map[string]string {
	t.Helper()
	next := map[string]string{}
	for i, endpoint := range endpoints {
		from, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(endpoints[(i+1)%len(endpoints)])
		if err != nil {
			t.Fatal(err)
		}
		next[from.Host] = to.Host
	}
	return next
}
