// Command etcd runs one etcd 3.5 with the v2 API on this machine, to try the client on. Its
// data is gone when it stops.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:2379", "serve clients on this `host:port`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, addr string) error {
	cluster, err := etcdtest.New(ctx, embedded.Etcd(), etcdtest.WithClientAddr(addr))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken: another etcd may be running; choose another address, for example make etcd ADDR=127.0.0.1:2389", addr)
	}
	if err != nil {
		return err
	}
	url := cluster.Endpoints()[0]
	fmt.Printf("etcd %s with the v2 API runs on %s; its data is gone when it stops.\n", etcdtest.Etcd35, url)
	fmt.Printf("Try:  curl %s/v2/keys/hello -XPUT -d value=world\n", url)
	fmt.Println("Stop: Ctrl-C")
	<-ctx.Done()
	return cluster.Close()
}
