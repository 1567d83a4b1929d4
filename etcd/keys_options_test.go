package etcd

import (
	"testing"
	"time"
)

func TestOptionsThatDependOnSomething(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 5), file("get", "/k", "v", 5), file("set", "/k", "v", 6), file("set", "/k", "v", 7), file("set", "/k", "v", 8))
	client := connect(t, s.url)
	for _, given := range []bool{true, false} {
		if _, err := client.Get(t.Context(), "/k", If(given, WithQuorum()), If[GetOption](given, WithRecursive())); err != nil {
			t.Error(err)
		}
	}
	soon := time.Now().Add(time.Minute)
	for _, node := range []*Node{{TTL: 9 * time.Second, Expiration: soon}, {}, {TTL: 0, Expiration: soon}} {
		if _, err := client.Set(t.Context(), "/k", "v", WithTTLOf(node)); err != nil {
			t.Error(err)
		}
	}
	check(t, "requests", s.got(), []string{
		"GET /v2/keys/k?recursive=true&quorum=true", "GET /v2/keys/k",
		"PUT /v2/keys/k ttl=9&value=v", "PUT /v2/keys/k value=v", "PUT /v2/keys/k ttl=1&value=v",
	})
}
