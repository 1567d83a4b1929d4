// Command discover is an HTTP proxy that finds the backends of a service in etcd, where the register example puts them,
// and spreads requests over those that are healthy:
//
//	go run ./discover -endpoints http://127.0.0.1:2379 -service /services/web -listen 127.0.0.1:8000
//
// It answers from a mirror, so no request waits for etcd. If etcd cannot be reached, the backends known last stay in use.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	service   = flag.String("service", "/services/web", "directory of the service's instances")
	listen    = flag.String("listen", "127.0.0.1:8000", "address to serve on")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(*endpoints, ",")})
	if err != nil {
		return err
	}
	defer client.Close()
	mirror, err := client.Mirror(ctx, *service)
	if err != nil {
		return err
	}
	defer mirror.Close()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Println("serving on", listener.Addr())

	var balancer balancer
	server := &http.Server{Handler: &balancer}
	defer server.Close()
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- balancer.follow(ctx, mirror) }()
	return <-failed
}

// balancer passes each request on to the next backend.
type balancer struct {
	backends atomic.Pointer[[]http.Handler]
	requests atomic.Uint64
}

// follow keeps the backends current until ctx or the mirror ends.
func (b *balancer) follow(ctx context.Context, mirror *etcd.Mirror) error {
	for snapshot, err := range mirror.Snapshots(ctx) {
		if err != nil {
			return err
		}
		var backends []http.Handler
		for leaf := range snapshot.Leaves() {
			var instance struct {
				Address string
				Healthy bool
			}
			if err := json.Unmarshal([]byte(leaf.Value), &instance); err != nil {
				fmt.Println("ignored:", leaf.Key, err)
			} else if instance.Healthy {
				backends = append(backends, httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: instance.Address}))
			}
		}
		b.backends.Store(&backends)
		fmt.Println("healthy backends:", len(backends))
	}
	return errors.New("the mirror has ended")
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	backends := b.backends.Load()
	if backends == nil || len(*backends) == 0 {
		http.Error(w, "no healthy backend", http.StatusServiceUnavailable)
		return
	}
	next := b.requests.Add(1) % uint64(len(*backends))
	(*backends)[next].ServeHTTP(w, r)
}
