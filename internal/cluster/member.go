package cluster

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/etcdv2/client/internal/errs"
)

// Member is one endpoint that requests can be sent to.
type Member struct {
	endpoint string
	base     *url.URL
	listed   atomic.Bool // calls go or went to it: it can teach the cluster's ID
	proven   atomic.Bool // etcd has answered there, and no attempt has failed since
	seed     bool        // from the configuration or Discover: never dropped
	health   health
	version  atomic.Pointer[string] // see Version
}

// maxPlainTarget is the maximum length of a request line (method, target and version) that etcd 3.x accepts
// on a listener without TLS. Etcd searches the first 4,096 bytes for the end of the line and closes the
// connection if it is not there.
const maxPlainTarget = 4094

// parseMember returns the member at endpoint, or errs.ErrInvalidArgument.
func parseMember(endpoint string) (*Member, error) {
	base, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	return &Member{endpoint: base.String(), base: base}, nil
}

// Endpoint returns the member's URL.
func (m *Member) Endpoint() string { return m.endpoint }

// Version returns the version that SetVersion has recorded, and whether there is one.
func (m *Member) Version() (version string, known bool) {
	if v := m.version.Load(); v != nil {
		return *v, true
	}
	return "", false
}

// SetVersion records the version that the member reports.
func (m *Member) SetVersion(version string) { m.version.Store(&version) }

// apiPrefix is the prefix of the paths of requests that VersionPrefix replaces.
const apiPrefix = "/v2"

// target returns the URL of req at the member. It returns errs.ErrInvalidArgument for a request that an etcd
// 3.x member would drop without an answer.
func (m *Member) target(req *http.Request, versionPrefix string) (*url.URL, error) {
	path := req.URL.Path
	if rest, ok := strings.CutPrefix(path, apiPrefix+"/"); ok && versionPrefix != apiPrefix {
		path = versionPrefix + "/" + rest
	}
	target := *m.base
	// Setting only Path escapes each segment and keeps the slashes. The %2F that other generated clients
	// write means the same to etcd, but some proxies refuse it. Escapes in the endpoint stay as they are.
	target.Path += path
	if m.base.RawPath != "" {
		target.RawPath += (&url.URL{Path: path}).EscapedPath()
	}
	target.RawQuery = req.URL.RawQuery
	return &target, m.checkTarget(req.Method, &target)
}

// checkTarget refuses a request line that is too long.
func (m *Member) checkTarget(method string, target *url.URL) error {
	if m.base.Scheme != "http" {
		return nil
	}
	// Escaping makes a path at most three times as long, so most requests need no exact check.
	if 3*len(target.Path)+len(target.RawQuery) < maxPlainTarget/2 {
		return nil
	}
	if n := len(method + " " + target.RequestURI() + " HTTP/1.1"); n > maxPlainTarget {
		return errs.Invalidf("%s %.80s…: request line of %d bytes, etcd 3.x reads at most %d without TLS; "+
			"compare by index, or use a shorter key", method, target.Path, n, maxPlainTarget)
	}
	return nil
}
