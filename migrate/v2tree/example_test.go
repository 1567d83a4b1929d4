package v2tree_test

import (
	"context"
	"fmt"
	"log"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/v2tree"
)

// Copy a tree from one cluster into another one.
func Example() {
	ctx := context.Background()
	source, err := etcd.New(etcd.Config{Endpoints: []string{"http://10.0.0.1:2379"}})
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	target, err := etcd.New(etcd.Config{Endpoints: []string{"http://10.0.1.1:2379"}})
	if err != nil {
		log.Fatal(err)
	}
	defer target.Close()

	tree, err := v2tree.Open(ctx, source, v2tree.ReadOptions{Root: "/app", Hidden: []string{"/app/_locks"}})
	if err != nil {
		log.Fatal(err)
	}
	counts, err := v2tree.Write(ctx, target, tree.Nodes(ctx), v2tree.WriteOptions{Policy: v2tree.Compare})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(counts)
}
