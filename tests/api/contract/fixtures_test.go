package contract

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// v2Disabled is an etcd 3.3 that was told not to serve its v2 API, or a later one that was not told to.
func v2Disabled(t *testing.T, r *release) *server {
	if !thorough || r.version.in("<3.3") {
		return nil
	}
	flags := member(etcdtest.FreeAddr(t))
	if r.version.in("<3.4") {
		flags = append(flags, "--enable-v2=false")
	}
	return beside(t, r, flags...)
}

// firstOfThree is a member of etcd 2.1 to 2.3 whose cluster waits for its others; etcd 3 does not serve then.
func firstOfThree(t *testing.T, r *release) *server {
	if !thorough || !r.version.in(">=2.1 <3.0") {
		return nil
	}
	return beside(t, r, member(etcdtest.FreeAddr(t), etcdtest.FreeAddr(t), etcdtest.FreeAddr(t))...)
}

func proxyOfNobody(t *testing.T, r *release) *server {
	return proxy(t, r, "on", "http://"+etcdtest.FreeAddr(t))
}

// proxyOfTheDead asks its member each time anew, and has time to learn of none. Etcd 2.0 has no flags for that.
func proxyOfTheDead(t *testing.T, r *release) *server {
	if !thorough || !r.version.in(">=2.2 <3.0") {
		return nil
	}
	cluster := etcdtest.Start(t, etcdtest.WithBinary(r.binary))
	member := cluster.Members()[0]
	on := proxy(t, r, "on", member.PeerURL(), "--proxy-failure-wait=1", "--proxy-refresh-interval=600000")
	live.Eventually(t, "the proxy knows its member", func() bool {
		r := &run{server: on, dir: on.dir, http: on.http}
		got, err := r.send(t.Context(), "GET /v2/machines", reply{}, 0, nil)
		return err == nil && got.status == 200
	})
	if err := member.Kill(); err != nil {
		t.Fatal(err)
	}
	return on
}

func proxyForReading(t *testing.T, r *release) *server {
	return proxy(t, r, "readonly", "http://"+etcdtest.FreeAddr(t))
}

// proxy starts an etcd 2 proxy in front of a member.
func proxy(t *testing.T, r *release, kind, memberURL string, flags ...string) *server {
	if !thorough || !r.version.in("<3.0") {
		return nil
	}
	return beside(t, r, append(flags, "--proxy="+kind, "--initial-cluster=m1="+memberURL)...)
}

// member returns the flags of the first of several members.
func member(peers ...string) []string {
	var cluster []string
	for i, addr := range peers {
		cluster = append(cluster, fmt.Sprintf("m%d=http://%s", i+1, addr))
	}
	return []string{
		"--name=m1", "--initial-cluster=" + strings.Join(cluster, ","),
		"--listen-peer-urls=http://" + peers[0], "--initial-advertise-peer-urls=http://" + peers[0],
	}
}

// beside starts an etcd with flags of its own.
func beside(t *testing.T, r *release, flags ...string) *server {
	addr := etcdtest.FreeAddr(t)
	flags = append(flags, "--data-dir="+filepath.Join(t.TempDir(), "data"),
		"--listen-client-urls=http://"+addr, "--advertise-client-urls=http://"+addr)
	etcdtest.RunBeside(t, addr, r.binary, flags...)
	return newServer(t, r, "http://"+addr)
}
