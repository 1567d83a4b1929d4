package cluster

import (
	"net/http"
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
