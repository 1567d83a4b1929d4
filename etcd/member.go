package etcd

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
)

// member is one place that requests can be sent to.
type member struct {
	endpoint string
	base     *url.URL
	seed     bool // from the configuration: never dropped, whatever the cluster says
	health   health
	version  atomic.Pointer[string] // that it runs, once asked
}

// maxPlainTarget is how long a request line's method, target and version may be together for
// etcd 3.x to answer at all on a listener without TLS: it reads 4,096 bytes in search of the
// line's end and closes the connection when there is none.
const maxPlainTarget = 4094

// parseMember returns the member at endpoint, or ErrInvalidArgument.
func parseMember(endpoint string) (*member, error) {
	base, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	return &member{endpoint: base.String(), base: base}, nil
}

func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if i := strings.LastIndexByte(endpoint, '@'); i >= 0 {
		// What stands before it is not shown: a password may be in there, in whatever spelling.
		return nil, invalidf("endpoint …%s holds credentials; they belong in Username and Password", endpoint[i:])
	}
	switch {
	case err != nil:
		return nil, invalidf("endpoint %q is not a URL", endpoint)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, invalidf("endpoint %q does not begin with http:// or https://", endpoint)
	case u.Hostname() == "":
		return nil, invalidf("endpoint %q has no host", endpoint)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, invalidf("endpoint %q has a query or fragment", endpoint)
	}
	u.Host = canonicalHost(u)
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// canonicalHost returns the host of u in the one spelling that can be compared: in lower case, and
// without the port that its scheme has anyway.
func canonicalHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return host
}

// address returns the URL of logical, a path of the API with query, at the member.
func (m *member) address(logical *url.URL, versionPrefix string) *url.URL {
	path := logical.Path
	if rest, ok := strings.CutPrefix(path, "/v2/"); ok && versionPrefix != defaultVersionPrefix {
		path = versionPrefix + "/" + rest
	}
	address := *m.base
	// Setting Path alone escapes each segment and leaves slashes as they are. The generated
	// client's %2F means the same to etcd, but some proxies refuse it.
	address.Path += path
	address.RawQuery = logical.RawQuery
	return &address
}

// checkTarget refuses a request that an etcd 3.x member would drop without an answer.
func (m *member) checkTarget(req *http.Request) error {
	if m.base.Scheme != "http" {
		return nil
	}
	// Escaping makes a path at most three times as long: most requests need no closer look.
	if 3*len(req.URL.Path)+len(req.URL.RawQuery) < maxPlainTarget/2 {
		return nil
	}
	if n := len(req.Method + " " + req.URL.RequestURI() + " HTTP/1.1"); n > maxPlainTarget {
		return invalidf("%s %.80s…: request line of %d bytes, etcd 3.x reads at most %d without TLS; "+
			"compare by index, or use a shorter key", req.Method, req.URL.Path, n, maxPlainTarget)
	}
	return nil
}
