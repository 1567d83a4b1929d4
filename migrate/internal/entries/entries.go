// Package entries lets tests see whether something left an entry of the v2 API in the log of an etcd 3.5. Etcd 3.6 does
// not start with such an entry.
package entries

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

// A Server is an etcd 3.5 with the v2 API whose log has no v2 entry. A cluster of package etcdtest has one from the
// start, because etcdtest waits for a quorum read.
type Server struct {
	URL        string
	MetricsURL string // at which etcd serves /metrics and /health as well, see --listen-metrics-urls
	DataDir    string
}

// Start starts a server that runs until the test ends.
func Start(t *testing.T) *Server {
	t.Helper()
	client, peer, metrics := etcdtest.FreeAddr(t), "http://"+etcdtest.FreeAddr(t), etcdtest.FreeAddr(t)
	s := &Server{URL: "http://" + client, MetricsURL: "http://" + metrics, DataDir: t.TempDir()}
	etcdtest.RunBeside(t, client, etcdtest.Build(t, etcdtest.Etcd35), "--enable-v2", "--name=m1", "--data-dir="+s.DataDir,
		"--listen-client-urls="+s.URL, "--advertise-client-urls="+s.URL, "--listen-metrics-urls="+s.MetricsURL,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=m1="+peer,
		"--heartbeat-interval=10", "--election-timeout=100", "--unsafe-no-fsync")
	// The version of the cluster is the last thing that a new cluster writes by itself.
	Eventually(t, func() error {
		var version struct{ Etcdcluster string }
		if err := decode(t.Context(), http.MethodGet, s.URL+"/version", &version); err != nil {
			return err
		}
		if !strings.HasPrefix(version.Etcdcluster, "3.5") {
			return fmt.Errorf("the version of the cluster is %s", version.Etcdcluster)
		}
		return nil
	})
	return s
}

// Index returns how far the log of the member at url has been committed. On a cluster that nobody writes to, it grows
// with each entry that a request leaves.
func Index(t *testing.T, url string) uint64 {
	t.Helper()
	var status struct {
		RaftIndex uint64 `json:",string"`
	}
	if err := decode(t.Context(), http.MethodPost, url+"/v3/maintenance/status", &status); err != nil {
		t.Fatal(err)
	}
	return status.RaftIndex
}

// Check returns an error if etcdutl finds something in the data directory that etcd 3.6 does not start with.
func Check(t *testing.T, dataDir string) error {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), etcdtest.BuildEtcdutl(t), "check", "v2store", "--data-dir", dataDir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// Eventually waits until check returns nil.
func Eventually(t *testing.T, check func() error) {
	t.Helper()
	limit := time.After(30 * time.Second)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-limit:
			t.Fatal(err)
		}
	}
}

// decode sends a request and decodes the JSON of its reply.
func decode(ctx context.Context, method, url string, result any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	req.Close = true // no connection is left when the test ends
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s is answered with status %d", method, url, resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(result)
}
