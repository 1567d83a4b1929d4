package keys_test

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// What etcd would misread is refused, and a proxy before the server shows that nothing was sent.
func TestWhatEtcdWouldMisreadIsNotSent(t *testing.T) {
	s := live.Latest(t)
	proxy := etcdtest.Record(t, s.Endpoint)
	client := live.Client(t, proxy.URL())
	ctx := t.Context()
	verbs := map[string]func(key, value string) error{
		"Get":           func(key, _ string) error { _, err := client.Get(ctx, key); return err },
		"Exists":        func(key, _ string) error { _, err := client.Exists(ctx, key); return err },
		"Set":           func(key, value string) error { _, err := client.Set(ctx, key, value); return err },
		"Create":        func(key, value string) error { _, err := client.Create(ctx, key, value); return err },
		"Update":        func(key, value string) error { _, err := client.Update(ctx, key, value); return err },
		"Refresh":       func(key, _ string) error { _, err := client.Refresh(ctx, key, time.Minute); return err },
		"CreateInOrder": func(key, value string) error { _, err := client.CreateInOrder(ctx, key, value); return err },
		"CreateDir":     func(key, _ string) error { _, err := client.CreateDir(ctx, key); return err },
		"UpdateDir":     func(key, _ string) error { _, err := client.UpdateDir(ctx, key); return err },
		"Delete":        func(key, _ string) error { _, err := client.Delete(ctx, key); return err },
		"WatchOnce":     func(key, _ string) error { _, err := client.WatchOnce(ctx, key); return err },
		"CompareAndSwap": func(key, value string) error {
			_, err := client.CompareAndSwap(ctx, key, value, etcd.Prev{Index: 1})
			return err
		},
		"CompareAndDelete": func(key, _ string) error {
			_, err := client.CompareAndDelete(ctx, key, etcd.Prev{Index: 1})
			return err
		},
		"Modify": func(key, value string) error {
			_, err := client.Modify(ctx, key, func(string) (string, error) { return value, nil })
			return err
		},
		"Watch": func(key, _ string) error {
			for _, err := range client.Watch(ctx, key) {
				return err
			}
			return nil
		},
	}
	for name, verb := range verbs {
		for _, key := range []string{"", "//", "/a//b", "//a", "/a/./b", "/a/../b", "..", ".", "/a/..", "/\xff", "/a\xc3"} {
			if err := verb(key, "v"); !errors.Is(err, etcd.ErrInvalidArgument) {
				t.Errorf("%s(%q): %v", name, key, err)
			}
		}
	}
	for _, name := range []string{"Set", "Create", "Update", "CompareAndSwap", "CreateInOrder"} {
		if err := verbs[name]("/a", "\xff"); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("%s with a broken value: %v", name, err)
		}
		if err := verbs[name]("/a", strings.Repeat("x", 10<<20)); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("%s with a value above 10 MiB: %v", name, err)
		}
	}
	if sent := proxy.Requests(); len(sent) != 0 || proxy.Connections() != 0 {
		t.Errorf("sent %d requests on %d connections, the first %+v", len(sent), proxy.Connections(), sent[0])
	}
}

func TestConditionsAndTTLsThatEtcdWouldMisreadAreNotSent(t *testing.T) {
	s := live.Latest(t)
	proxy := etcdtest.Record(t, s.Endpoint)
	client := live.Client(t, proxy.URL())
	ctx := t.Context()
	var errs []error
	check := func(_ *etcd.Response, err error) { errs = append(errs, err) }

	for _, prev := range []etcd.Prev{{}, {Value: ""}, {Value: "\xff"}} {
		check(client.CompareAndSwap(ctx, "/a", "v", prev))
		check(client.CompareAndDelete(ctx, "/a", prev))
	}
	for _, ttl := range []time.Duration{0, -time.Second, 1, 900 * time.Millisecond, math.MaxInt64, 250 * 365 * 24 * time.Hour} {
		check(client.Set(ctx, "/a", "v", etcd.WithTTL(ttl)))
		check(client.Create(ctx, "/a", "v", etcd.WithTTL(ttl)))
		check(client.Update(ctx, "/a", "v", etcd.WithTTL(ttl)))
		check(client.CompareAndSwap(ctx, "/a", "v", etcd.Prev{Index: 1}, etcd.WithTTL(ttl)))
		check(client.CreateInOrder(ctx, "/a", "v", etcd.WithTTL(ttl)))
		check(client.CreateDir(ctx, "/a", etcd.WithTTL(ttl)))
		check(client.UpdateDir(ctx, "/a", etcd.WithTTL(ttl)))
		check(client.Modify(ctx, "/a", increment, etcd.WithTTL(ttl)))
		check(client.Refresh(ctx, "/a", ttl))
	}
	check(client.Update(ctx, "/a", "v", etcd.WithTTL(time.Minute), etcd.WithKeepTTL()))
	check(client.Modify(ctx, "/a", increment, etcd.WithTTL(time.Minute), etcd.WithoutTTL()))
	for i, err := range errs {
		if !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if sent := proxy.Requests(); len(sent) != 0 {
		t.Errorf("sent %d requests, the first %+v", len(sent), sent[0])
	}
}

// A request to a path that etcd cleans is answered with a redirect: 301 by etcd 2.3.8, 307 by a 3.5
// built with Go 1.26. Followed, the first would make a GET of the write.
func TestRedirectedWriteIsNotDone(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		proxy := etcdtest.Record(t, s.Endpoint)
		client, err := etcd.New(etcd.Config{Endpoints: []string{proxy.URL()}, VersionPrefix: "//v2"})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		set := must(t)(s.Client.Set(t.Context(), s.Dir+"/there", "old"))

		var errs []error
		check := func(_ *etcd.Response, err error) { errs = append(errs, err) }
		check(client.Set(t.Context(), s.Dir+"/there", "new"))
		check(client.Set(t.Context(), s.Dir+"/none", "new"))
		check(client.CompareAndSwap(t.Context(), s.Dir+"/there", "new", etcd.Prev{Index: set.Index}))
		check(client.Delete(t.Context(), s.Dir+"/there"))
		check(client.CreateInOrder(t.Context(), s.Dir+"/queue", "job"))
		for _, err := range errs {
			var reply *etcd.Error
			if !errors.As(err, &reply) || reply.StatusCode/100 != 3 || errors.Is(err, etcd.ErrOutcomeUnknown) {
				t.Errorf("got %v, want a redirect that was not followed", err)
			}
		}
		holds(t, s.Client, s.Dir+"/there", "old")
		if list := must(t)(s.Client.Get(t.Context(), s.Dir)); len(list.Node.Nodes) != 1 {
			t.Errorf("something was written: %+v", list.Node.Nodes)
		}
		sent := slices.DeleteFunc(proxy.Requests(), func(r etcdtest.Request) bool {
			return r.Method == http.MethodHead // by which the client makes sure
		})
		if len(sent) != len(errs) {
			t.Errorf("%d requests for %d calls", len(sent), len(errs))
		}
		for _, request := range sent {
			if request.Method == "GET" {
				t.Errorf("a write became GET %s", request.URI)
			}
		}
	})
}

func TestMistakesInTheConfiguration(t *testing.T) {
	for name, config := range map[string]etcd.Config{
		"no endpoints":       {},
		"no scheme":          {Endpoints: []string{"127.0.0.1:2379"}},
		"other scheme":       {Endpoints: []string{"ftp://127.0.0.1:2379"}},
		"credentials in URL": {Endpoints: []string{"http://root:secret@127.0.0.1:2379"}},
	} {
		_, err := etcd.New(config)
		if !errors.Is(err, etcd.ErrInvalidArgument) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
