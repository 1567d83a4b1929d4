package cluster

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/etcdv2/client/internal/errs"
)

func TestEndpointsInTheirCanonicalSpelling(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://10.0.0.1:2379":              "http://10.0.0.1:2379",
		"HTTP://Etcd-1.Example:2379/":       "http://etcd-1.example:2379",
		"http://a:80":                       "http://a",
		"https://a:443//":                   "https://a",
		"https://a:80":                      "https://a:80",
		"http://a.":                         "http://a.",
		"http://[::1]:2379":                 "http://[::1]:2379",
		"http://[FE80::1%25Ethernet0]:2379": "http://[fe80::1%25Ethernet0]:2379",
		"http://[fe80::1%25en0.100]":        "http://[fe80::1%25en0.100]",
		"http://a/Etcd/":                    "http://a/Etcd",
		"http://a/one%2Ftwo":                "http://a/one%2Ftwo",
		"http://a/one%2F":                   "http://a/one%2F",
		"http://a/%20":                      "http://a/%20",
		"http://exämple/ä":                  "http://ex%C3%A4mple/%C3%A4",
		"http://a:65535":                    "http://a:65535",
		"https://a:2379/v2x":                "https://a:2379/v2x",
		"http://a#":                         "http://a",
		"http://a/..b":                      "http://a/..b",
	} {
		u, err := parseEndpoint(endpoint)
		if err != nil {
			t.Errorf("%s: %v", endpoint, err)
			continue
		}
		check(t, endpoint, u.String(), want)
		again, err := parseEndpoint(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("%s: parsed again: %v, %v", endpoint, again, err)
		}
	}
}

// The error says what is wrong, and what to write instead.
func TestEndpointsThatCannotBeUsed(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                              `etcd: endpoint "" does not begin with http:// or https://`,
		"127.0.0.1:2379":                `does not begin with http:// or https://; write "http://127.0.0.1:2379", or https:// if the server uses TLS`,
		"etcd-1:2379":                   `; write "http://etcd-1:2379", or https://`,
		"etcd.example":                  `; write "http://etcd.example", or https://`,
		"//a:2379":                      `; write "http://a:2379", or https://`,
		"http:a:2379":                   `does not begin with http:// or https://; write "http://a:2379"`,
		"https:/a":                      `does not begin with http:// or https://; write "https://a"`,
		"a:b:c":                         `etcd: endpoint "a:b:c" does not begin with http:// or https://`,
		"unix:///run/etcd":              `does not begin with http:// or https://`,
		"http://":                       `has no host`,
		"http://:2379":                  `has no host`,
		"http:///path":                  `has no host`,
		"http://h:":                     `has a colon and no port; etcd's usual one is 2379`,
		"http://h:/etcd":                `has a colon and no port`,
		"http://h:0":                    `has the port 0; ports are 1 to 65535`,
		"http://h:99999":                `has the port 99999; ports are 1 to 65535`,
		"http://h:99999999999999999999": `has the port 99999999999999999999; ports are 1 to 65535`,
		"http://h:port":                 `is not a URL: invalid port ":port" after host`,
		"http://::1":                    `etcd: endpoint "http://::1" `,
		"http://fe80::1:2379":           `etcd: endpoint "http://fe80::1:2379" `,
		"http://a..b":                   `has a host with an empty part between its dots`,
		"http://.":                      `has a host with an empty part between its dots`,
		"http://%41":                    `is not a URL: invalid URL escape "%41"`,
		"http://h/%zz":                  `is not a URL: invalid URL escape "%zz"`,
		"http://h\n":                    `endpoint "http://h\n" has a space or a character that is not printable`,
		" http://h":                     `has a space or a character that is not printable`,
		"http://h/a b":                  `has a space or a character that is not printable`,
		"http://h/\x1b[2J":              `has a space or a character that is not printable`,
		"\ufeffhttp://h":                `has a space or a character that is not printable`,
		"http://h/\xff":                 `has a space or a character that is not printable`,
		"http://a,http://b":             `has a comma; give each endpoint as a string of its own`,
		"http://a:1,b:2/":               `has a comma; give each endpoint as a string of its own`,
		"http://h?a=b":                  `has a query or a fragment; remove it`,
		"http://h?":                     `has a query or a fragment; remove it`,
		"http://h/#top":                 `has a query or a fragment; remove it`,
		"http://h/a//b":                 `has an empty segment, or one of dots, in its path`,
		"http://h/../x":                 `has an empty segment, or one of dots, in its path`,
		"http://h/%2e%2E/x":             `has an empty segment, or one of dots, in its path`,
		"http://h/a/.":                  `has an empty segment, or one of dots, in its path`,
		"http://h/a%2F%2Fb":             `has an empty segment, or one of dots, in its path`,
		"http://h/a@b":                  `endpoint …"@b" has an @; credentials belong in Username and Password, and an @ in a path is written %40`,
		"http://h/" + strings.Repeat("a", 1_000) + "?": `a" has a query`,
		strings.Repeat("a", 1_000):                     `a" does not begin with http:// or https://`,
	} {
		u, err := parseEndpoint(endpoint)
		if err == nil {
			t.Errorf("%q is taken for %v", endpoint, u)
			continue
		}
		checkIs(t, err, errs.ErrInvalidArgument)
		if text := err.Error(); !strings.Contains(text, want) || len(text) > 400 {
			t.Errorf("%q:\n got %s\nwant %s", endpoint, text, want)
		}
	}
}

// Requests add the path of the API; any other path is a gateway's.
func TestConfiguredEndpointsDoNotEndInThePathOfTheAPI(t *testing.T) {
	for _, test := range []struct{ endpoint, prefix, want string }{
		{"http://h:2379/v2/keys", "/v2", "http://h:2379"},
		{"http://h:2379/v2/keys/", "/v2", "http://h:2379"},
		{"http://h:2379/v2", "/v2", "http://h:2379"},
		{"https://gateway/etcd/v2/keys", "/v2", "https://gateway/etcd"},
		{"https://gateway/a%2Fb/etcd", "/etcd", "https://gateway/a/b"},
		{"http://h/keys", "", "http://h"},
	} {
		_, err := Config{Endpoints: []string{"http://other", test.endpoint}, VersionPrefix: test.prefix}.members()
		checkIs(t, err, errs.ErrInvalidArgument)
		if !strings.Contains(err.Error(), `; write "`+test.want+`"`) {
			t.Errorf("%s: %v", test.endpoint, err)
		}
	}
	for endpoint, prefix := range map[string]string{
		"http://h/v2/etcd": "/v2", "http://h/v2": "", "http://h/apiv2": "/v2", "http://h/etcd": "/v2", "http://h/keys": "/v2",
	} {
		if _, err := (Config{Endpoints: []string{endpoint}, VersionPrefix: prefix}).members(); err != nil {
			t.Errorf("%s with prefix %q: %v", endpoint, prefix, err)
		}
	}
}

func TestTargetKeepsTheEscapesOfTheEndpoint(t *testing.T) {
	call := newCall(t, "GET", "/v2/keys/k", "")
	call.Request.URL = &url.URL{Path: "/v2/keys/a b/ü", RawQuery: "recursive=true"}
	for endpoint, want := range map[string]string{
		"http://h":          "http://h/v2/keys/a%20b/%C3%BC?recursive=true",
		"http://h/%20":      "http://h/%20/v2/keys/a%20b/%C3%BC?recursive=true",
		"http://h/x%2Fy":    "http://h/x%2Fy/v2/keys/a%20b/%C3%BC?recursive=true",
		"http://h/x%2Fy%2F": "http://h/x%2Fy%2F/v2/keys/a%20b/%C3%BC?recursive=true",
	} {
		check(t, endpoint, seeds(t, endpoint)[0].target(call.Request, "/v2").String(), want)
	}
}

// FuzzEndpoint holds what is accepted to a URL that means the same when it is parsed again, and that adds
// nothing to a request but its path.
func FuzzEndpoint(f *testing.F) {
	for _, endpoint := range []string{
		"http://a", "https://A:443/x%2Fy/", "http://[fe80::1%25Ethernet0]:2379", "127.0.0.1:2379", "http:a", "http://h:99999",
		"http://a,b", "http://user:pw@h", "http://h/../v2", "http://h?", "http://%41", "http://ex\u00e4mple/\u00e4", "http://h%25x",
	} {
		f.Add(endpoint)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		m, err := parseMember(endpoint)
		if err != nil {
			checkIs(t, err, errs.ErrInvalidArgument)
			if text := err.Error(); strings.ContainsFunc(text, unicode.IsControl) || len(text) > 3_000 {
				t.Errorf("error %q", text)
			}
			return
		}
		again, err := parseMember(m.endpoint)
		if err != nil || again.endpoint != m.endpoint {
			t.Fatalf("%q is %q, and that is %+v, %v", endpoint, m.endpoint, again, err)
		}
		target := m.target(&http.Request{URL: &url.URL{Path: "/v2/keys/k"}}, apiPrefix).String()
		if want := m.endpoint + "/v2/keys/k"; target != want {
			t.Errorf("target %q, want %q", target, want)
		}
	})
}
