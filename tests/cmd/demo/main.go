// Command demo starts a real etcd cluster of three members inside this process and walks through
// what the client library does, a few plain lines a step.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()

	fmt.Println("Starting a cluster of three etcd 3.5 members in this process ...")
	cluster, err := etcdtest.New(ctx, embedded.Etcd(), etcdtest.WithMembers(3))
	if err != nil {
		return err
	}
	defer cluster.Close()
	client, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints()})
	if err != nil {
		return err
	}
	defer client.Close()

	tour := tour{client: client, cluster: cluster}
	for i, step := range tour.steps() {
		fmt.Printf("\n%d. %s\n", i+1, step.title)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	fmt.Println("\nThat was the tour. The cluster is stopped, and nothing is left behind.")
	return nil
}
