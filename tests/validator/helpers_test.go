package validator_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/tests/validator"
)

// loaded is read once: it takes a while.
var loaded = sync.OnceValues(func() (*validator.Spec, error) { return validator.Load(api.Spec()) })

func load(t *testing.T) *validator.Spec {
	t.Helper()
	spec, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// exchange does one request and reads the answer to its end.
func exchange(t *testing.T, transport http.RoundTripper, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(data)
}
