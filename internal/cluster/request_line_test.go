package cluster

import (
	"net/url"
	"strings"
	"testing"
)

// Only the length of a line that is certainly short is not counted: escapes can make it three times as long.
func TestLengthOfARequestLine(t *testing.T) {
	for target, want := range map[string]int{
		"/v2/keys/a":                                  0, // is short
		"/v2/keys/" + strings.Repeat(" ", 1400):       len("GET /v2/keys/ HTTP/1.1") + 3*1400,
		"/v2/keys/" + strings.Repeat("a", 5000):       len("GET /v2/keys/ HTTP/1.1") + 5000,
		"/v2/keys/a?x=" + strings.Repeat("%20", 5000): len("GET /v2/keys/a?x= HTTP/1.1") + 3*5000,
	} {
		path, query, _ := strings.Cut(target, "?")
		check(t, "length", plainLine("GET", &url.URL{Scheme: "http", Host: "a", Path: path, RawQuery: query}), want)
		check(t, "length with TLS", plainLine("GET", &url.URL{Scheme: "https", Host: "a", Path: path, RawQuery: query}), 0)
	}
}
