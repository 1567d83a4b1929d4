package etcdtest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestOneMember(t *testing.T) {
	cluster := etcdtest.Start(t)
	client := newHTTPClient(t)
	endpoint := cluster.Endpoints()[0]
	put(t, client, endpoint, "/a", "1")
	wantValue(t, client, endpoint, "/a", "1")
	if _, err := get(t.Context(), client, endpoint, "/b"); err == nil {
		t.Fatal("a key that was never written has a value")
	}
}

func TestEmbeddedVersionIsTheOneToBuild(t *testing.T) {
	cluster := etcdtest.Start(t)
	if got := serverVersion(t, cluster); got != string(etcdtest.Etcd35) {
		t.Fatalf("embedded members are etcd %s, Build makes %s: tests/go.mod and builds/ differ", got, etcdtest.Etcd35)
	}
}

func TestLeaderStopsAndComesBack(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	client := newHTTPClient(t)
	first := leader(t, cluster)
	put(t, client, first.URL(), "/before", "1")

	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	refused(t, first.URL())
	second := leader(t, cluster)
	if second == first {
		t.Fatalf("%s still leads after its stop", first.Name())
	}
	put(t, client, second.URL(), "/while", "2")

	if err := first.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range cluster.Members() {
		wantValue(t, client, m.URL(), "/before?quorum=true", "1")
		wantValue(t, client, m.URL(), "/while?quorum=true", "2")
	}
}

func TestKilledMembersComeBackTogether(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	client := newHTTPClient(t)
	put(t, client, cluster.Endpoints()[0], "/a", "1")
	before := cluster.Endpoints()
	for _, m := range cluster.Members() {
		if err := m.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, cluster.Endpoints()) {
		t.Fatalf("endpoints were %v, are %v", before, cluster.Endpoints())
	}
	for _, endpoint := range cluster.Endpoints() {
		wantValue(t, client, endpoint, "/a", "1")
	}
}

func TestRestartNeedsAMajority(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	for _, m := range cluster.Members() {
		if err := m.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	alone := cluster.Members()[0]
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := alone.Restart(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "m1") {
		t.Fatalf("restart of one member in three: %v", err)
	}
	if _, err := cluster.Leader(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("leader of one member in three: %v", err)
	}
	if err := alone.Restart(t.Context()); err == nil {
		t.Fatal("a running member was started again")
	}
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	leader(t, cluster)
}

// An open long poll, and a connection on which nothing was sent, must neither keep a
// member from stopping nor outlive it.
func TestStopCutsConnections(t *testing.T) {
	for name, stop := range map[string]func(*etcdtest.Member) error{
		"stop": (*etcdtest.Member).Stop,
		"kill": (*etcdtest.Member).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			member := etcdtest.Start(t).Members()[0]
			ended := watch(t.Context(), t, newHTTPClient(t), member.URL(), "/a")
			silent, err := net.Dial("tcp", strings.TrimPrefix(member.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			within(t, 2*time.Second, func() error { return stop(member) })
			if r := <-ended; r.err == nil {
				t.Fatalf("the long poll ended with an event: %+v", r.event)
			}
			if err := silent.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := silent.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("the silent connection outlived the member: %v", err)
			}
		})
	}
}

func TestClientAddrTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cluster, err := etcdtest.New(t.Context(), etcdtest.WithClientAddr(l.Addr().String()))
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("New on a port that is taken: %v, %v", cluster, err)
	}
}

func TestBadOptions(t *testing.T) {
	for name, opt := range map[string]etcdtest.Option{
		"no member":      etcdtest.WithMembers(0),
		"no such binary": etcdtest.WithBinary("no/such/file"),
		"not etcd":       etcdtest.WithBinary("/bin/true"),
		"no port":        etcdtest.WithClientAddr("127.0.0.1"),
		"no CA":          etcdtest.WithTLS(nil),
		"no write":       etcdtest.WithSnapshotCount(0),
	} {
		if c, err := etcdtest.New(t.Context(), opt); err == nil || c != nil {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	cluster, err := etcdtest.New(t.Context(), etcdtest.WithMembers(3))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // closing twice is as good as once
		if err := cluster.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, endpoint := range cluster.Endpoints() {
		refused(t, endpoint)
	}
}

func leader(t *testing.T, cluster *etcdtest.Cluster) *etcdtest.Member {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := cluster.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refused fails the test if something listens at the endpoint.
func refused(t *testing.T, endpoint string) {
	t.Helper()
	resp, err := newHTTPClient(t).Get(endpoint)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("%s still answers: %v", endpoint, err)
	}
}

func serverVersion(t *testing.T, cluster *etcdtest.Cluster) string {
	t.Helper()
	resp, err := newHTTPClient(t).Get(cluster.Endpoints()[0] + "/version")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var version struct{ Etcdserver, ReleaseVersion string } // the second before etcd 2.0.8
	if err := json.NewDecoder(resp.Body).Decode(&version); err != nil {
		t.Fatal(err)
	}
	return cmp.Or(version.Etcdserver, version.ReleaseVersion)
}
