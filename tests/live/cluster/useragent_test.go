package cluster_test

import (
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// The client's user agent is on every request: calls, the question before a first write, polls, and the questions to the
// members that polls wait on.
func TestUserAgentIsOnEveryRequest(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		const userAgent = "billing/1.2 (cron)"
		first, second := etcdtest.Record(t, s.Endpoint), etcdtest.Record(t, s.Endpoint)
		client := live.Connect(t, etcd.Config{
			Endpoints: []string{first.URL(), second.URL()}, UserAgent: userAgent, PulseInterval: 100 * time.Millisecond,
		})
		must(t)(client.Set(t.Context(), s.Dir+"/k", "v"))
		live.Must[etcd.Version](t)(client.Version(t.Context()))
		go func() { _, _ = client.WatchOnce(t.Context(), s.Dir+"/k") }() // ends with the client
		kinds := map[string]func(etcdtest.Request) bool{
			"write":   func(r etcdtest.Request) bool { return r.Method == "PUT" },
			"version": func(r etcdtest.Request) bool { return r.URI == "/version" },
			"poll":    func(r etcdtest.Request) bool { return strings.Contains(r.URI, "wait=true") },
			"pulse":   func(r etcdtest.Request) bool { return r.URI == "/v2/members/leader" },
			"index":   func(r etcdtest.Request) bool { return r.Method == "HEAD" },
		}
		live.Eventually(t, "a request of each kind", func() bool {
			for _, request := range append(first.Requests(), second.Requests()...) {
				if got := request.Header["User-Agent"]; len(got) != 1 || got[0] != userAgent {
					t.Fatalf("%s %s carries the user agent %q", request.Method, request.URI, got)
				}
				for kind, is := range kinds {
					if is(request) {
						delete(kinds, kind)
					}
				}
			}
			return len(kinds) == 0
		})
	})
}
