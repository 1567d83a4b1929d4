package chaos_test

import (
	"errors"
	"testing"

	"github.com/etcdv2/client/etcd"
)

// read returns what the cluster holds at key with everything below it, or nil if there is nothing.
func read(t *testing.T, client *etcd.Client, key string) *etcd.Node {
	t.Helper()
	resp, err := client.Get(t.Context(), key, etcd.WithQuorum(), etcd.WithRecursive())
	switch {
	case errors.Is(err, etcd.ErrKeyNotFound):
		return nil
	case err != nil:
		t.Fatal(err)
	}
	return resp.Node
}
