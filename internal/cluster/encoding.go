package cluster

import (
	"fmt"
	"net/http"
	"strings"
)

// checkEncoding returns an error if the body of resp is compressed or encoded in another way. Etcd never does
// that, and the requests do not ask for it; a proxy in between may do so all the same. The body is not
// decoded: such a proxy holds back the events of a watch, and a small body may be very large when it is
// decoded. The transport of a Config.HTTPClient may decode it, and then removes the header.
func checkEncoding(resp *http.Response) error {
	encoding := resp.Header.Get("Content-Encoding")
	empty := resp.Request.Method == http.MethodHead || resp.ContentLength == 0
	if encoding == "" || strings.EqualFold(encoding, "identity") || empty {
		return nil
	}
	return fmt.Errorf("status %d with a body in the encoding %.20q, which was not asked for; let the proxy that adds it "+
		"leave /v2 as it is, or use a Config.HTTPClient that decodes it", resp.StatusCode, encoding)
}
