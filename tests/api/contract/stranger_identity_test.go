package contract

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func identify(t *testing.T, endpoint string) (*server, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return stranger(t, u)
}

// The suite says what a server is that it is not for, and does not run.
func TestStrangerThatTheTablesDoNotDescribe(t *testing.T) {
	for _, test := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"emulation on v3", []string{"--enable-v2", "--experimental-enable-v2v3=/v2"}, "emulates v2"},
		{"without v2", nil, "does not speak the v2 API"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRelease(t, string(etcdtest.Etcd35), etcdtest.Build(t, etcdtest.Etcd35))
			on := beside(t, r, append(test.flags, member(etcdtest.FreeAddr(t))...)...)
			if _, err := identify(t, on.endpoint); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A HEAD with wait=true leaves a watcher behind on etcd 0.4.9, for example. That cannot be built any more.
func TestStrangerBeforeTheTablesIsAskedForItsVersionAlone(t *testing.T) {
	var asked []string
	var mu sync.Mutex
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.Path)
		if _, err := w.Write([]byte("etcd 0.4.9")); err != nil {
			t.Error(err)
		}
	}))
	defer old.Close()
	if _, err := identify(t, old.URL); err == nil || !strings.Contains(err.Error(), "etcd 0.4.9") {
		t.Errorf("got %v", err)
	}
	if want := []string{"GET /version"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// A version stands in three kinds of text.
func TestStrangerTellsItsVersion(t *testing.T) {
	for _, v := range []etcdtest.Version{etcdtest.Etcd20, etcdtest.Etcd23} {
		t.Run(string(v), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, v)))
			on, err := identify(t, cluster.Endpoints()[0])
			if err != nil || on.version.String() != string(v) {
				t.Errorf("got %v, %v", on.version, err)
			}
		})
	}
}
