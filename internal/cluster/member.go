package cluster

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
)

// Member is one endpoint that requests can be sent to.
type Member struct {
	endpoint string
	base     *url.URL
	listed   atomic.Bool // calls go or went to it: it can teach the cluster's ID
	proven   atomic.Bool // etcd has answered there, and no attempt has failed since
	seed     bool        // from the configuration or Discover: never dropped
	health   health
	ends     atomic.Bool // see Open.Ends

	reservation *reservation           // of a vital connection
	version     atomic.Pointer[string] // see Version
}

// parseMember returns the member at endpoint, or errs.ErrInvalidArgument.
func parseMember(endpoint string) (*Member, error) {
	base, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	return &Member{endpoint: base.String(), base: base, reservation: newReservation()}, nil
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

// PathOf returns the path of req as members get it behind that of their endpoint: with the configured prefix.
func (c *Cluster) PathOf(req *http.Request) string { return pathOf(req, c.config.VersionPrefix) }

func pathOf(req *http.Request, versionPrefix string) string {
	path := req.URL.Path
	if rest, ok := strings.CutPrefix(path, apiPrefix+"/"); ok && versionPrefix != apiPrefix {
		path = versionPrefix + "/" + rest
	}
	return path
}

// target returns the URL of req at the member.
func (m *Member) target(req *http.Request, versionPrefix string) *url.URL {
	path := pathOf(req, versionPrefix)
	target := *m.base
	// Setting only Path escapes each segment and keeps the slashes. The %2F that other generated clients
	// write means the same to etcd, but some proxies refuse it. Escapes in the endpoint stay as they are.
	target.Path += path
	if m.base.RawPath != "" {
		target.RawPath += (&url.URL{Path: path}).EscapedPath()
	}
	target.RawQuery = req.URL.RawQuery
	return &target
}
