package watchfaults_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// Nginx keeps a reply back until it has enough of it or all, the header too: that of a poll comes
// with its event.
func TestNginxWithItsDefaultBuffering(t *testing.T) {
	t.Parallel()
	binary := findNginx(t)
	each(t, 1, func(t *testing.T, cluster *etcdtest.Cluster) {
		s := through(t, startNginx(t, binary, cluster.Endpoints()[0]), cluster)
		s.burst(cluster.Endpoints()[0])
		s.over()
		s.finish()
	})
}

// Nothing happens for longer than an attempt may take until its header is there, and then something
// does.
func TestNginxAndAQuietKey(t *testing.T) {
	t.Parallel()
	binary := findNginx(t)
	each(t, 1, func(t *testing.T, cluster *etcdtest.Cluster) {
		endpoint := startNginx(t, binary, cluster.Endpoints()[0])
		watching := etcd.Config{Endpoints: []string{endpoint}, PollTimeout: 4 * time.Second, AttemptTimeout: time.Second}
		s := play(t, live.Connect(t, watching), live.Client(t, cluster.Endpoints()...))
		s.pause()
		lasts(3 * time.Second)
		s.over()
		s.set()
		if err := s.watch.Await(s.ledger.Last()); err != nil {
			t.Error(err)
		}
		if err := s.ledger.Check(s.watch.Events()); err != nil {
			t.Error(err)
		}
		s.checkMirror()
		s.report()
	})
}

func findNginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no nginx here: install the package nginx (apt-get install nginx) to run this test")
	return ""
}

// startNginx runs nginx in front of the target and returns its URL.
func startNginx(t *testing.T, binary, target string) string {
	t.Helper()
	addr, home := etcdtest.FreeAddr(t), t.TempDir()
	// One process, so that none is left behind; for the rest everything is as nginx has it.
	config := fmt.Sprintf(`
		daemon off; master_process off; pid %[1]s/pid; error_log stderr;
		events {}
		http {
			access_log off;
			client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
			uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
			server { listen %[2]s; location / { proxy_pass %[3]s; } }
		}`, home, addr, target)
	file := filepath.Join(home, "nginx.conf")
	do(t, os.WriteFile(file, []byte(config), 0o600))
	etcdtest.RunBeside(t, addr, binary, "-p", home, "-c", file, "-e", "stderr")
	return "http://" + addr
}

// Etcd 2's own proxy does not flush a poll's header, cuts streams anywhere, and answers a poll whose
// member has died with 200 and an empty body.
func TestEtcdProxy(t *testing.T) {
	t.Parallel()
	binary := etcdtest.Build(t, etcdtest.Etcd23)
	cluster := etcdtest.Start(t, etcdtest.WithBinary(binary))
	s := through(t, startEtcdProxy(t, binary, cluster), cluster)
	s.burst(cluster.Endpoints()[0])
	s.over()
	s.finish()
}

func TestEtcdProxyWhoseMemberIsKilledAndRestarted(t *testing.T) {
	t.Parallel()
	binary := etcdtest.Build(t, etcdtest.Etcd23)
	cluster := etcdtest.Start(t, etcdtest.WithBinary(binary))
	s := through(t, startEtcdProxy(t, binary, cluster), cluster)
	do(t, cluster.Members()[0].Kill())
	do(t, cluster.Restart(t.Context()))
	s.over()
	s.finish()
}

// startEtcdProxy runs etcd 2 as a proxy in front of the cluster and returns its URL.
func startEtcdProxy(t *testing.T, binary string, cluster *etcdtest.Cluster) string {
	t.Helper()
	addr := etcdtest.FreeAddr(t)
	// A member that has failed is tried again after 5 s by default, for which a test need not wait.
	etcdtest.RunBeside(t, addr, binary, "--proxy=on", "--data-dir="+t.TempDir(), "--listen-client-urls=http://"+addr,
		"--initial-cluster="+peers(t, cluster), "--proxy-failure-wait=500", "--proxy-refresh-interval=500")
	endpoint := "http://" + addr
	client := live.Client(t, endpoint)
	live.Eventually(t, "the proxy knows the members", func() bool {
		_, err := client.Get(t.Context(), "/")
		return err == nil
	})
	return endpoint
}

// peers returns the members' URLs for peers, as etcd's flag wants them.
func peers(t *testing.T, cluster *etcdtest.Cluster) string {
	t.Helper()
	resp := live.Must[*http.Response](t)(http.Get(cluster.Endpoints()[0] + "/v2/members"))
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	var list struct {
		Members []struct {
			Name     string
			PeerURLs []string
		}
	}
	do(t, json.NewDecoder(resp.Body).Decode(&list))
	var urls []string
	for _, member := range list.Members {
		urls = append(urls, member.Name+"="+member.PeerURLs[0])
	}
	return strings.Join(urls, ",")
}
