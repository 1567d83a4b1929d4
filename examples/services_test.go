package examples

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
)

func TestReload(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t)
	client := connect(t, cluster)
	set := func(key, value string) {
		t.Helper()
		must[*etcd.Response](t)(client.Set(t.Context(), "/config/web/"+key, value))
	}

	p := start(t, cluster, "reload")
	p.expect("in force: level INFO timeout 10s")
	set("level", "debug")
	p.expect("in force: level DEBUG timeout 10s")
	set("timeout", "soon")
	p.expect("rejected: /config/web/timeout: ")
	set("timeout", "3s")
	p.expect("in force: level DEBUG timeout 3s")
	must[*etcd.Response](t)(client.Delete(t.Context(), "/config", etcd.WithRecursive()))
	p.expect("in force: level INFO timeout 10s")
	p.stop()
}

// backend is an HTTP service that says its name, and whether it is healthy.
type backend struct {
	*httptest.Server
	sick atomic.Bool
}

func newBackend(t *testing.T, name string) *backend {
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" && b.sick.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, name) //nolint:errcheck // the client checks what it gets
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) address() string { return b.Listener.Addr().String() }

// flags are those of a register that announces the backend.
func (b *backend) flags() []string {
	return []string{"-address", b.address(), "-check", b.URL + "/health", "-ttl", "5s"}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		client := connect(t, cluster)
		web := newBackend(t, "web")
		key := "/services/web/" + web.address()

		first := start(t, cluster, "register", web.flags()...)
		first.expect(`"healthy":true`)
		read := must[*etcd.Response](t)(client.Get(t.Context(), key))
		eventually(t, "the key is refreshed", func() bool {
			now := must[*etcd.Response](t)(client.Get(t.Context(), key)).Node
			return now.ModifiedIndex > read.Node.ModifiedIndex && now.Value == read.Node.Value && now.TTL > 0
		})
		web.sick.Store(true)
		first.expect(`"healthy":false`)
		if now, _ := value(t, client, key); !strings.Contains(now, `"healthy":false`) {
			t.Errorf("the key says %s", now)
		}
		must[*etcd.Response](t)(client.Delete(t.Context(), key))
		eventually(t, "the key is created again", func() bool {
			now, _ := value(t, client, key)
			return strings.Contains(now, `"healthy":false`)
		})

		second := start(t, cluster, "register", web.flags()...)
		second.expect("registered:")
		first.fails("key is taken")
		if _, ok := value(t, client, key); !ok {
			t.Error("the first process has deleted the key of the second")
		}
		second.stop()
		if now, ok := value(t, client, key); ok {
			t.Errorf("the key is still there: %s", now)
		}
	})
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t)
	client := connect(t, cluster)
	a, b := newBackend(t, "a"), newBackend(t, "b")

	proxy := start(t, cluster, "discover", "-listen", "127.0.0.1:0")
	url := "http://" + proxy.address()
	proxy.expect("healthy backends: 0")
	if got := fetch(t, url); !strings.Contains(got, "no healthy backend") {
		t.Errorf("without backends it says %q", got)
	}
	must[*etcd.Response](t)(client.Set(t.Context(), "/services/web/b", `{"address":"`+b.address()+`","healthy":true}`))
	proxy.expect("healthy backends: 1")
	registration := start(t, cluster, "register", a.flags()...)
	proxy.expect("healthy backends: 2")
	if one, other := fetch(t, url), fetch(t, url); one+other != "ab" && one+other != "ba" {
		t.Errorf("two requests went to %s and %s", one, other)
	}
	a.sick.Store(true)
	proxy.expect("healthy backends: 1")
	registration.stop()
	if err := cluster.Members()[0].Stop(); err != nil {
		t.Fatal(err)
	}
	if one, other := fetch(t, url), fetch(t, url); one+other != "bb" {
		t.Errorf("without etcd, two requests went to %s and %s", one, other)
	}
	proxy.stop()
}

func TestFlags(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t)
	server := start(t, cluster, "flags", "-listen", "127.0.0.1:0", "serve")
	url := "http://" + server.address() + "/new-checkout?user="
	if got := fetch(t, url+"ann"); got != "false\n" {
		t.Errorf("a flag that does not exist is %q", got)
	}

	users := []string{"ann", "bob", "cid", "dan"}
	var changes []*program
	for _, user := range users {
		changes = append(changes, start(t, cluster, "flags", "allow", "new-checkout", user))
	}
	for _, change := range changes {
		change.succeeds()
	}
	for _, user := range users {
		eventually(t, user+" has it", func() bool { return fetch(t, url+user) == "true\n" })
	}
	if got := fetch(t, url+"eve"); got != "false\n" {
		t.Errorf("eve has %q", got)
	}
	start(t, cluster, "flags", "percent", "new-checkout", "100").succeeds()
	eventually(t, "everybody has it", func() bool { return fetch(t, url+"eve") == "true\n" })
	start(t, cluster, "flags", "percent", "new-checkout", "many").fails("invalid syntax")
	server.stop()
}

// fetch returns the body of a page.
func fetch(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp := must[*http.Response](t)(client.Get(url))
	defer resp.Body.Close()
	return string(must[[]byte](t)(io.ReadAll(resp.Body)))
}
