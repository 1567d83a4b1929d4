package fakestore

import (
	"net/http"
	"testing"

	"github.com/etcdv2/client/etcd"
)

// Connect returns a client of the store.
func (s *Store) Connect(t *testing.T, observers ...etcd.Observer) *etcd.Client {
	t.Helper()
	transport := &http.Transport{DialContext: s.net.Dial, MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	config := etcd.Config{Endpoints: []string{s.URL}, HTTPClient: &http.Client{Transport: transport}}
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
