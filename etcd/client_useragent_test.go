package etcd

import (
	"errors"
	"runtime/debug"
	"testing"
)

func TestDefaultUserAgentNamesTheVersion(t *testing.T) {
	ours := func(version string) *debug.Module { return &debug.Module{Path: modulePath, Version: version} }
	other := &debug.Module{Path: "example.com/other", Version: "v9.9.9"}
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"a dependency":        {&debug.BuildInfo{Deps: []*debug.Module{other, ours("v0.1.0")}}, "etcdv2-client-go/0.1.0"},
		"a commit":            {&debug.BuildInfo{Deps: []*debug.Module{ours("v0.0.0-20261130-abc")}}, "etcdv2-client-go/0.0.0-20261130-abc"},
		"a program of ours":   {&debug.BuildInfo{Main: *ours("v0.2.0+dirty")}, "etcdv2-client-go/0.2.0+dirty"},
		"a working copy":      {&debug.BuildInfo{Main: *ours("(devel)")}, "etcdv2-client-go"},
		"another one's copy":  {&debug.BuildInfo{Deps: []*debug.Module{{Path: modulePath, Version: "v0.1.0", Replace: ours("v0.3.0")}}}, "etcdv2-client-go/0.3.0"},
		"replaced by a path":  {&debug.BuildInfo{Deps: []*debug.Module{{Path: modulePath, Version: "v0.1.0", Replace: &debug.Module{Path: "../client"}}}}, "etcdv2-client-go"},
		"a program without":   {&debug.BuildInfo{Main: *other}, "etcdv2-client-go"},
		"built without modes": {nil, "etcdv2-client-go"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := userAgentOf(test.info); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestUserAgentIsSentToEachMember(t *testing.T) {
	for configured, want := range map[string]string{"": defaultUserAgent(), "billing/1.2 (cron)": "billing/1.2 (cron)"} {
		down, up := serve(t, text(503, "")), serve(t, text(200, ""), text(200, wellSince35))
		up.replies[0] = text(200, listing(up.url))
		client := connectWith(t, Config{Endpoints: []string{down.url, up.url}, UserAgent: configured})
		if _, err := client.Health(t.Context()); err != nil {
			t.Fatal(err)
		}
		headers := append(down.headers, up.headers...)
		check(t, "requests", len(headers), 3) // two for the list, and the question to the member
		for _, header := range headers {
			check(t, "user agent", header["User-Agent"], []string{want})
		}
	}
}

func TestUserAgentThatNoHeaderCarriesIsRefused(t *testing.T) {
	for _, value := range []string{"a\r\nX-Other: b", "a\nb", "a\x00b", "a\x7f", "\x1b[1m"} {
		if _, err := New(Config{Endpoints: []string{"http://a:2379"}, UserAgent: value}); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%q: got %v", value, err)
		}
	}
	for _, value := range []string{"a\tb", "a/1 (b; c)", "Größe/1"} {
		client, err := New(Config{Endpoints: []string{"http://a:2379"}, UserAgent: value})
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		client.Close()
	}
}
