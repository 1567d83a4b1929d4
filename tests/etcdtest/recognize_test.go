package etcdtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// running stands for a server that lives.
type running chan struct{}

func (running) Stop() error               { return nil }
func (running) Kill() error               { return nil }
func (running) Freeze() error             { return nil }
func (running) Thaw() error               { return nil }
func (r running) Exited() <-chan struct{} { return r }

// A server that answers at both ports of a member is the member only if it tells the ID of the cluster.
func TestOnlyTheClusterIsRecognized(t *testing.T) {
	const own = "1a2b"
	for id, want := range map[string]string{own: "", "ffff": "another cluster answers", "": "does not name its cluster"} {
		t.Run(id, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if id != "" {
					w.Header().Set(clusterHeader, id)
				}
				if r.URL.Path == "/members" {
					_, _ = w.Write([]byte("[]"))
				}
			}))
			defer server.Close()
			m := &Member{cluster: &Cluster{id: own, http: server.Client()}, server: make(running)}
			m.spec.Name, m.spec.LogFile = "m1", t.TempDir()+"/log"
			m.spec.ClientAddr = strings.TrimPrefix(server.URL, "http://")
			m.spec.PeerAddr = m.spec.ClientAddr
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if id == own {
				ctx = t.Context()
			}
			err := m.waitReady(ctx)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("the member is ready: %v, want %q", err, want)
			}
		})
	}
}
