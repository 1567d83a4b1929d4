package program

import (
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
)

// A test of a program that starts etcd.
func TestProgram(t *testing.T) {
	cluster := etcdtest.Start(t)
	client, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if _, err := client.Set(t.Context(), "/released", "yes"); err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Get(t.Context(), "/released"); err != nil || resp.Node.Value != "yes" {
		t.Fatal(resp, err)
	}
}
