package witness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// httpPutter sends PUTs with net/http.
type httpPutter struct {
	ctx       context.Context
	transport *http.Transport
	endpoint  string
}

// put sets a key and returns the index of that.
func (p *httpPutter) put(key, value string) (uint64, error) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPut, p.endpoint+"/v2/keys"+key, strings.NewReader("value="+value))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return 0, fmt.Errorf("the server says %s", resp.Status)
	}
	return strconv.ParseUint(resp.Header.Get("X-Etcd-Index"), 10, 64)
}
