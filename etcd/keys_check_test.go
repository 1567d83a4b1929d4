package etcd

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/etcdv2/client/gen"
)

func TestWireKeyAccepts(t *testing.T) {
	tests := []struct{ name, key, want string }{
		{"root", "/", ""},
		{"leading slash", "/a", "a"},
		{"no leading slash", "a", "a"},
		{"deep", "/a/b/c", "a/b/c"},
		{"trailing slash", "/a/b/", "a/b/"},
		{"trailing slash alone", "a/", "a/"},
		{"punctuation", "/a b?c#d%e+f;g,h:i@j&k=l\\m", "a b?c#d%e+f;g,h:i@j&k=l\\m"},
		{"escapes are text", "/a%2Fb/%2e%2e", "a%2Fb/%2e%2e"},
		{"unicode", "/schlüssel/鍵/🔑", "schlüssel/鍵/🔑"},
		{"newline and NUL", "/a\nb\x00c", "a\nb\x00c"},
		{"three dots", "/.../.a/a./..a", ".../.a/a./..a"},
		{"hidden", "/_a/_b", "_a/_b"},
		{"spaces", "/ / a /", " / a /"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := wireKey(test.key)
			if got != test.want || err != nil {
				t.Errorf("wireKey(%q) = %q, %v; want %q", test.key, got, err, test.want)
			}
		})
	}
}

func TestNodeKey(t *testing.T) {
	for key, want := range map[string]string{
		"/": "/", "/a": "/a", "a": "/a", "/a/": "/a", "a/": "/a", "a/b/": "/a/b", "/ü/": "/ü",
	} {
		if got, err := nodeKey(key); got != want || err != nil {
			t.Errorf("nodeKey(%q) = %q, %v", key, got, err)
		}
	}
	for _, key := range []string{"", "//", "/a//"} {
		_, err := nodeKey(key)
		checkIs(t, err, ErrInvalidArgument)
	}
}

func TestBelow(t *testing.T) {
	for _, test := range []struct {
		dir, key      string
		below, covers bool
	}{
		{"/", "/", false, true},
		{"/", "/a", true, true},
		{"/a", "/a", false, true},
		{"/a", "/a/b", true, true},
		{"/a", "/a/b/c", true, true},
		{"/a", "/ab", false, false},
		{"/a", "/b/a", false, false},
		{"/a/b", "/a", false, false},
		{"/a", "/", false, false},
	} {
		check(t, test.key+" is below "+test.dir, below(test.key, test.dir), test.below)
		check(t, test.dir+" covers "+test.key, covers(test.dir, test.key), test.covers)
	}
}

func TestWireKeyRefuses(t *testing.T) {
	for _, key := range []string{
		"", "//", "///", "/a//b", "//a", "a//", "/a/b//",
		".", "..", "/.", "/..", "/./", "/../", "a/./b", "./a", "/a/.", "/a/..", "/a/../b", "../a",
		"\xff", "/a/\xc3\x28", "/a\xed\xa0\x80",
	} {
		if wire, err := wireKey(key); err == nil {
			t.Errorf("wireKey(%q) = %q", key, wire)
		} else {
			checkIs(t, err, ErrInvalidArgument)
		}
	}
}

func TestCheckValueRefusesOnlyInvalidUTF8(t *testing.T) {
	for _, value := range []string{"", "a\x00b\n", "grün", "�"} {
		if err := checkValue("value", "/k", value); err != nil {
			t.Errorf("value %q: %v", value, err)
		}
	}
	checkIs(t, checkValue("value", "/k", "a\xff"), ErrInvalidArgument)
}

// FuzzKey sends every key that is accepted the whole way to the bytes of a request, and reads those as
// a server does: the key must come out as it went in, and nothing in the target may make a
// server or proxy take it for another path.
func FuzzKey(f *testing.F) {
	for _, key := range []string{
		"", "/", "//", "a", "/a/b/", "/a//b", "/a/./b", "..", "/a/..", "...", "/.a/..b", "/a b", "/a?b=c", "/a#b",
		"/a%2Fb", "/%2e%2e/a", "/%", "/a+b", "/a;b", "/a,b", "/a:b", "/a@b", "/*", "*", "/~", "/\\", "/[a]{b}|^`\"<>'",
		"/ü/鍵", "/\n", "/\r\nHost: x", "/\x00\x7f", "/\xff", "http://x/y", "/ ", "/_hidden", "\u2028", "/\u0085",
	} {
		f.Add(key)
	}
	sent := sentRequests{}
	client, err := New(Config{
		Endpoints: []string{"https://10.0.0.1:2379/gate%20way"}, HTTPClient: &http.Client{Transport: &sent},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { client.Close() })
	f.Fuzz(func(t *testing.T, key string) {
		wire, err := wireKey(key)
		if err == nil != acceptable(key) {
			t.Fatalf("wireKey(%q): %v", key, err)
		}
		if err != nil {
			checkIs(t, err, ErrInvalidArgument)
			return
		}
		for _, generated := range requestsFor(wire) {
			sent.bytes.Reset()
			checkIs(t, client.do(t.Context(), &newKeysCall(generated, toRead, asked{}).Call), errNotSent)
			received, err := http.ReadRequest(bufio.NewReader(&sent.bytes))
			if err != nil {
				t.Fatalf("%q: %v", key, err)
			}
			if want := "/gate way/v2/keys/" + strings.TrimPrefix(key, "/"); received.URL.Path != want {
				t.Errorf("key %q arrives as %q", key, received.URL.Path)
			}
			checkTargetIsPlain(t, received.RequestURI)
		}
	})
}

// acceptable is the rule for keys once more, written another way.
func acceptable(key string) bool {
	if key == "/" {
		return true
	}
	padded := "/" + trimSlashes(key) + "/"
	return utf8.ValidString(key) && !strings.Contains(padded, "//") &&
		!strings.Contains(padded, "/./") && !strings.Contains(padded, "/../")
}

// trimSlashes takes off one slash at each end.
func trimSlashes(key string) string {
	return strings.TrimSuffix(strings.TrimPrefix(key, "/"), "/")
}

// requestsFor returns the requests that are made for a key.
func requestsFor(wire string) []*http.Request {
	return []*http.Request{
		gen.NewGetKeyRequest(wire, &gen.GetKeyParams{}),
		gen.NewHeadKeyRequest(wire, nil),
		gen.NewPutKeyRequestWithFormdataBody(wire, nil, gen.PutForm{}),
		gen.NewPostKeyRequestWithFormdataBody(wire, gen.PostForm{}),
		gen.NewDeleteKeyRequest(wire, nil),
	}
}

// sentRequests is a transport that keeps the bytes of requests.
type sentRequests struct{ bytes bytes.Buffer }

var errNotSent = errors.New("not sent")

func (s *sentRequests) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Write(&s.bytes); err != nil {
		return nil, err
	}
	return nil, errNotSent
}

// checkTargetIsPlain fails for a target with anything in it that somebody on the way may rewrite.
func checkTargetIsPlain(t *testing.T, target string) {
	t.Helper()
	for _, c := range []byte(target) {
		if c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '\\' {
			t.Errorf("target %q has a raw %q", target, c)
		}
	}
	for segment := range strings.SplitSeq(trimSlashes(target), "/") {
		if plain, err := url.PathUnescape(segment); err != nil || plain == "" || plain == "." || plain == ".." {
			t.Errorf("target %q has a segment %q", target, segment)
		}
	}
}
