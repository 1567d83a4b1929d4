package etcd

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/etcdv2/client/internal/foreign"
)

// advice returns what a reply may mean and what to do then, for replies whose own words do not help. It
// begins with a semicolon.
func (e *Error) advice() string {
	bad := e.StatusCode == http.StatusBadRequest && e.Code == 0 && strings.HasPrefix(e.Endpoint, "http://")
	// The words of Go, nginx and Apache. The reply to a HEAD has none.
	speaksTLS := strings.Contains(e.Message, "HTTPS") || strings.Contains(e.Message, "SSL-enabled")
	if bad && (speaksTLS || e.Method == http.MethodHead) {
		return "; the server may expect TLS: then the endpoint begins with https://"
	}
	return ""
}

// Error says what the server answered, what that may mean, and where to look.
func (e *notSupportedError) Error() string {
	version := foreign.Line(e.version, 40)
	const peer = "the endpoint may be a peer URL, usually with port 2380, where a client URL is needed"
	may := fmt.Sprintf("etcd %s may be too old for this path, or %s", version, peer)
	switch {
	case e.version == "":
		may = "its version could not be learned: it may not be etcd, or " + peer
	case atLeast(e.version, 3, 6, 0):
		may = fmt.Sprintf("it is etcd %s, and etcd has no v2 API from 3.6 on", version)
	case atLeast(e.version, 3, 4, 0):
		may = fmt.Sprintf("etcd %s may have been started without --enable-v2, or %s", version, peer)
	}
	return explainedText(ErrNotSupported, e.reply) + "; " + may
}
