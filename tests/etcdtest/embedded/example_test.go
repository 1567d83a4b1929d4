package embedded_test

import (
	"context"
	"fmt"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
)

// Three members inside this process. In a test, use etcdtest.Start.
func ExampleEtcd() {
	cluster, err := etcdtest.New(context.Background(), embedded.Etcd(), etcdtest.WithMembers(3))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	leader, err := cluster.Leader(context.Background())
	fmt.Println(leader != nil, err)
	// Output: true <nil>
}
