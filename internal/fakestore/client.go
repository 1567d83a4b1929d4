package fakestore

import (
	"net/http"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// Connect returns a client of the store. It asks seldom whether the store is alive, since that makes most of the
// requests of a test in which hours pass.
func (s *Store) Connect(t *testing.T, observers ...etcd.Observer) *etcd.Client {
	t.Helper()
	transport := &http.Transport{DialContext: s.net.Dial, MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	config := etcd.Config{
		Endpoints: []string{s.URL}, PulseInterval: 10 * time.Second, HTTPClient: &http.Client{Transport: transport},
	}
	for _, observer := range observers {
		config.Observer = observer
	}
	client, err := etcd.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
