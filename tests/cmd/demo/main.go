// Command demo starts a real etcd cluster of three members inside this process and walks through
// what the client library does, a few plain lines a step.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
	"github.com/etcdv2/client/tests/internal/signals"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintf(os.Stderr, "demo: unexpected argument %q; it takes none\n", os.Args[1])
		os.Exit(2)
	}
	ctx, stop := signals.Context()
	defer stop()
	err := run(ctx)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
	fmt.Println("\nThat was the tour. The cluster is stopped, and nothing is left behind.")
}

// run walks through the tour and leaves nothing behind.
func run(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()

	fmt.Println("Starting a cluster of three etcd 3.5 members in this process ...")
	cluster, err := etcdtest.New(ctx, embedded.Etcd(), etcdtest.WithMembers(3))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
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
	return nil
}
