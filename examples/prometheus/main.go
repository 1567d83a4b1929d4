// Command prometheus follows a directory of etcd, and serves metrics of its requests, watches and mirrors to Prometheus:
//
//	go run ./prometheus -endpoints http://127.0.0.1:2379 -dir /config -listen 127.0.0.1:9102
//	curl 127.0.0.1:9102/metrics
//
// What counts is the file observer.go: an etcd.Observer for any program that has a prometheus.Registerer.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"

	"github.com/etcdv2/client/etcd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	dir       = flag.String("dir", "/config", "directory to follow")
	listen    = flag.String("listen", "127.0.0.1:9102", "address to serve metrics on")
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
	registry := prometheus.NewRegistry()
	client, err := etcd.New(etcd.Config{
		Endpoints: strings.Split(*endpoints, ","),
		Observer:  newObserver(registry),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	mirror, err := client.Mirror(ctx, *dir)
	if err != nil {
		return err
	}
	defer mirror.Close()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "etcd_mirror_age_seconds",
		Help: "Time since the mirror was last known to be current.",
	}, func() float64 { return mirror.Age().Seconds() }))

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Println("serving on", listener.Addr())
	server := &http.Server{Handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{})}
	defer server.Close()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return err
	}
}
