package cluster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// An endpoint with the wrong scheme, or another member's way to the server: the error says where to look,
// however the version of etcd shows it.
func TestErrorsOfWrongEndpointsSayWhereToLook(t *testing.T) {
	for name, options := range map[string][]etcdtest.Option{
		"3.5": nil, "2.3.8": {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23))},
	} {
		t.Run(name, func(t *testing.T) {
			plain := etcdtest.Start(t, options...)
			secure := etcdtest.Start(t, append(options, etcdtest.WithTLS(etcdtest.NewCA(t)))...)
			for endpoint, want := range map[string]string{
				strings.Replace(plain.Endpoints()[0], "http:", "https:", 1):  "not use TLS: then the endpoint begins with http://",
				strings.Replace(secure.Endpoints()[0], "https:", "http:", 1): "expect TLS: then the endpoint begins with https://",
				plain.Members()[0].PeerURL():                                 "the endpoint may be a peer URL, usually with port 2380",
			} {
				client := live.Client(t, endpoint)
				for _, call := range map[string]func() error{
					"Get":    func() error { return live.Err(client.Get(t.Context(), "/k")) },
					"Set":    func() error { return live.Err(client.Set(t.Context(), "/k", "v")) },
					"Exists": func() error { return live.Err(client.Exists(t.Context(), "/k")) },
				} {
					err := call()
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%s: %v", endpoint, err)
					}
					if errors.Is(err, etcd.ErrKeyNotFound) {
						t.Errorf("%s: %v", endpoint, err)
					}
				}
			}
		})
	}
}
