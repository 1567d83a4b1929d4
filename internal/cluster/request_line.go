package cluster

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/etcdv2/client/internal/errs"
)

// maxPlainLine is the maximum length of a request line (method, target and version) that etcd 3.x accepts on
// a listener without TLS. Etcd searches the first 4,096 bytes for the end of the line and closes the
// connection if it is not there. Etcd 0.x and 2.x read lines of up to a megabyte, and answer longer ones.
const maxPlainLine = 4094

// targetOf returns the URL of req at m. It returns errs.ErrInvalidArgument for a request that an etcd 3.x
// member would drop without an answer. Before it sends a line that is too long for etcd 3.x, it asks m for
// its version each time, because the server may have been upgraded.
func (c *Cluster) targetOf(ctx context.Context, m *Member, req *http.Request) (*url.URL, error) {
	target := m.target(req, c.config.VersionPrefix)
	length := plainLine(req.Method, target)
	if length <= maxPlainLine {
		return target, nil
	}
	server := "etcd 3.x, which the server may be,"
	if v := c.Ask(ctx, m, c.config.Questions.Version(m), dialTimeout); v.Outcome == Done && v.Err == nil {
		version, _ := m.Version()
		if isBefore3(version) {
			return target, nil
		}
		server = "etcd " + version
	}
	return nil, errs.Invalidf("%s %.80q: request line of %d bytes; %s reads at most %d without TLS; "+
		"compare by index, use a shorter key, or TLS", req.Method, target.Path, length, server, maxPlainLine)
}

// plainLine returns the length of a request line that is sent without TLS, or 0 if it is certainly short.
func plainLine(method string, target *url.URL) int {
	// Escaping makes a path at most three times as long, so most requests need no exact count.
	if target.Scheme != "http" || 3*len(target.Path)+len(target.RawQuery) < maxPlainLine/2 {
		return 0
	}
	return len(method + " " + target.RequestURI() + " HTTP/1.1")
}

// isBefore3 reports whether version is that of etcd 0.x or 2.x.
func isBefore3(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n < 3
}
