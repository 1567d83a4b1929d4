package cluster

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOnlyNetHTTPsOwnTransportReportsConnections(t *testing.T) {
	for name, test := range map[string]struct {
		transport http.RoundTripper
		want      bool
	}{
		"default": {nil, true}, "http.Transport": {&http.Transport{}, true}, "another": {transport(nil), false},
	} {
		check(t, name, reportsConnections(&http.Client{Transport: test.transport}), test.want)
	}
}

// A tls.Config that another client has used may offer HTTP/2.
func TestProtocolsOfAnotherClientAreNotOffered(t *testing.T) {
	s := httptest.NewUnstartedServer(text(200, 7, ""))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	shared := &tls.Config{
		RootCAs:    s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
		NextProtos: []string{"h2", "http/1.1"},
	}
	c := newCluster(t, Config{Endpoints: []string{s.URL}, TLS: shared})
	call := newCall(t, "PUT", "/v2/keys/k", "value=v")
	result := c.Do(t.Context(), call)
	check(t, "outcome", result.Outcome, Done)
	check(t, "the caller's configuration", shared.NextProtos, []string{"h2", "http/1.1"})
	if result.Err != nil {
		t.Error(result.Err)
	}
}
