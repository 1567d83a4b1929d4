package gateway_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

const (
	shortMissing = 300   // reads
	longMissing  = 2_000 // where GATEWAY_STEPS asks for a long run
)

// A missing key is not found, even right after a write, behind one address where each request goes to another
// member. That member may not have the write yet.
func TestMissingKeysBehindOneAddress(t *testing.T) {
	n := shortMissing
	if steps(t) > shortRun {
		n = longMissing
	}
	onEach(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		client := live.Client(t, roundRobin(t, cluster.Endpoints()))
		wrong, last := map[string]int{}, error(nil)
		for i := range n {
			live.Must[*etcd.Response](t)(client.Set(t.Context(), "/there", strconv.Itoa(i)))
			if i%2 == 0 {
				if _, err := client.Get(t.Context(), "/missing"); !errors.Is(err, etcd.ErrKeyNotFound) {
					wrong["Get"]++
					last = err
				}
				continue
			}
			if is, err := client.Exists(t.Context(), "/missing"); is || err != nil {
				wrong["Exists"]++
				last = fmt.Errorf("%v, %w", is, err)
			}
		}
		t.Logf("of %d reads of missing keys, %d of Get and %d of Exists did not return that", n, wrong["Get"], wrong["Exists"])
		if len(wrong) > 0 {
			t.Error(last)
		}
	})
}

// roundRobin returns one address for all members. As with nginx's defaults, each request goes to the next
// member.
func roundRobin(t *testing.T, members []string) string {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	var proxies []*httputil.ReverseProxy
	for _, member := range members {
		target := live.Must[*url.URL](t)(url.Parse(member))
		proxies = append(proxies, &httputil.ReverseProxy{
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport:     transport,
			FlushInterval: -1,
			ErrorLog:      log.New(io.Discard, "", 0),
		})
	}
	var turn atomic.Int64
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		proxies[int(turn.Add(1))%len(proxies)].ServeHTTP(w, r)
	})
}
