package cluster

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// Members start at different places, so that their clients spread.
func TestEndpointsAreTriedInAnyOrder(t *testing.T) {
	config := Config{Endpoints: []string{"http://a", "http://b", "http://c"}}
	first := map[string]bool{}
	for range 200 {
		members, err := config.members()
		if err != nil {
			t.Fatal(err)
		}
		first[members[0].endpoint] = true
		for _, m := range members {
			check(t, m.endpoint+" is configured", m.seed, true)
		}
	}
	check(t, "endpoints that came first", len(first), 3)
}

// The cluster must go on with what it was given, whatever becomes of the caller's value.
func TestCallersTLSConfigIsCopied(t *testing.T) {
	given := &tls.Config{ServerName: "a"}
	c := newCluster(t, Config{Endpoints: []string{"https://a"}, TLS: given})
	used := c.http.Transport.(*http.Transport).TLSClientConfig
	if used == given || used.ServerName != "a" {
		t.Errorf("uses %p, given %p", used, given)
	}
}
