// Command etcd runs one etcd 3.5 with the v2 API on this machine, to try the client on. Its
// data is gone when it stops.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"syscall"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
	"github.com/etcdv2/client/tests/internal/signals"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:2379", "serve clients on this `IP address:port`")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "etcd: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signals.Context()
	defer stop()
	if err := run(ctx, *addr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends, which is how it should end.
func run(ctx context.Context, addr string) error {
	cluster, err := etcdtest.New(ctx, embedded.Etcd(), etcdtest.WithClientAddr(addr))
	switch {
	case ctx.Err() != nil && cluster == nil:
		return nil // stopped while it started
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is taken: another etcd may be running; choose another address, for example make etcd ADDR=127.0.0.1:2389", addr)
	case err != nil:
		return err
	}
	url := cluster.Endpoints()[0]
	fmt.Printf("etcd %s with the v2 API runs on %s; its data is gone when it stops.\n", etcdtest.Etcd35, url)
	fmt.Printf("Try:  curl %s/v2/keys/hello -XPUT -d value=world\n", url)
	fmt.Println("Stop: Ctrl-C")
	<-ctx.Done()
	return cluster.Close()
}
