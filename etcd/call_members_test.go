package etcd

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// maxPlainTarget is how long the request line may be that etcd reads without TLS.
const maxPlainTarget = 4094

// longestKey is the longest that fits into a GET's request line.
var longestKey = "/" + strings.Repeat("a", maxPlainTarget-len("GET /v2/keys/ HTTP/1.1"))

func TestVersionPrefixAndEndpointPathStandBeforeTheKey(t *testing.T) {
	tests := []struct{ path, prefix, want string }{
		{"", "", "GET /v2/keys/a%20b/c"},
		{"/", "", "GET /v2/keys/a%20b/c"},
		{"/etcd/one/", "", "GET /etcd/one/v2/keys/a%20b/c"},
		{"", "/v3alpha", "GET /v3alpha/keys/a%20b/c"},
		{"", "/", "GET /keys/a%20b/c"},
		{"/my%20etcd", "/x/v2/", "GET /my%20etcd/x/v2/keys/a%20b/c"},
	}
	for _, test := range tests {
		s := serve(t, file("get", "/a b/c", "v", 3))
		client := connectWith(t, Config{Endpoints: []string{s.url + test.path}, VersionPrefix: test.prefix})
		if _, err := client.Get(t.Context(), "/a b/c"); err != nil {
			t.Error(err)
		}
		check(t, "request", s.got(), []string{test.want})
	}
}

// The error of a call that nobody has answered names the path that was sent.
func TestClusterErrorNamesThePathWithTheVersionPrefix(t *testing.T) {
	s := serve(t, text(503, "busy"), text(503, "busy"), text(503, "busy"))
	_, err := connectWith(t, Config{Endpoints: []string{s.url}, VersionPrefix: "/x"}).Get(t.Context(), "/a b")
	var failed *ClusterError
	if !errors.As(err, &failed) || failed.Path != "/x/keys/a b" {
		t.Errorf("got %v, want a *ClusterError with the path /x/keys/a b", err)
	}
}

// Other paths than those below /v2 do not move with the prefix.
func TestVersionPrefixLeavesVersionAlone(t *testing.T) {
	s := serve(t, text(200, `{"etcdserver":"2.3.8","etcdcluster":"2.3.0"}`))
	client := connectWith(t, Config{Endpoints: []string{s.url + "/one"}, VersionPrefix: "/x"})
	if _, err := client.Version(t.Context()); err != nil {
		t.Error(err)
	}
	check(t, "request", s.got(), []string{"GET /one/version"})
}

func TestRequestLineThatEtcdWouldDropIsRefusedWithoutTLS(t *testing.T) {
	s := serve(t, granting(3))
	client := connect(t, s.url)
	if _, err := client.Get(t.Context(), longestKey); err != nil {
		t.Error(err)
	}
	check(t, "request", s.got(), []string{"GET /v2/keys" + longestKey})

	_, err := client.Get(t.Context(), longestKey+"a")
	checkIs(t, err, ErrInvalidArgument)
	// An escape counts three bytes.
	_, err = client.Get(t.Context(), longestKey[:len(longestKey)-4]+" b")
	if err != nil {
		t.Error(err)
	}
	_, err = client.Get(t.Context(), longestKey[:len(longestKey)-3]+" b")
	checkIs(t, err, ErrInvalidArgument)
	_, err = client.CompareAndDelete(t.Context(), "/a", Prev{Value: strings.Repeat("v", 4096)})
	checkIs(t, err, ErrInvalidArgument)
	checkNot(t, err, ErrOutcomeUnknown)
	if text := err.Error(); len(text) > 1000 {
		t.Errorf("error of %d bytes", len(text))
	}
	// Before each line that is too long the server was asked for its version, in vain.
	check(t, "requests", s.got()[1:], []string{
		versionLine, "GET /v2/keys" + longestKey[:len(longestKey)-4] + "%20b", versionLine, versionLine,
	})
}

// Only etcd 3.x drops a long line.
func TestRequestLineMayBeLongForOldServers(t *testing.T) {
	for version, sent := range map[string]bool{
		"etcd 0.4.9":               true,
		`{"etcdserver":"2.3.8"}`:   true,
		`{"etcdserver":"3.0.0"}`:   false,
		`{"etcdserver":"3.5.35"}`:  false,
		`{"etcdserver":"unknown"}`: false,
		"<html>Not for you</html>": false,
	} {
		deleted := file("compareAndDelete", "/a", "", 3)
		s := serve(t, deleted)
		s.aside, s.watched = map[string]http.HandlerFunc{versionLine: text(200, version)}, true
		client := connect(t, s.url)
		long := strings.Repeat("v", 5000)
		_, err := client.CompareAndDelete(t.Context(), "/a", Prev{Value: long})
		if sent {
			check(t, version, []any{err, s.got()}, []any{nil, []string{"DELETE /v2/keys/a?prevValue=" + long}})
			continue
		}
		checkIs(t, err, ErrInvalidArgument)
		check(t, version, s.got(), []string(nil))
	}
}

func TestRequestLineMayBeLongWithTLS(t *testing.T) {
	s := httptest.NewTLSServer(granting(3))
	t.Cleanup(s.Close)
	client := connectWith(t, Config{Endpoints: []string{s.URL}, HTTPClient: s.Client()})
	if _, err := client.Get(t.Context(), longestKey+longestKey); err != nil {
		t.Error(err)
	}
}

// A long value goes into the body, where the limit does not apply.
func TestLongPreviousValueOfASwapIsSent(t *testing.T) {
	s := serve(t, file("compareAndSwap", "/a", "v", 3))
	long := strings.Repeat("v", 5000)
	if _, err := connect(t, s.url).CompareAndSwap(t.Context(), "/a", "v", Prev{Value: long}); err != nil {
		t.Error(err)
	}
	check(t, "request", s.got(), []string{"PUT /v2/keys/a prevValue=" + long + "&value=v"})
}
