// Command opentelemetry follows a directory of etcd, and exports metrics and spans of its requests with OpenTelemetry:
//
//	go run ./opentelemetry -endpoints http://127.0.0.1:2379 -dir /config -every 10s
//
// What counts is the file observer.go: an etcd.Observer for any program that has a meter and a tracer. This program
// writes what it exports to the standard output, as JSON; other exporters work the same way.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	dir       = flag.String("dir", "/config", "directory to follow")
	every     = flag.Duration("every", 10*time.Second, "time between two exports of the metrics")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	metrics, err := stdoutmetric.New()
	if err != nil {
		return err
	}
	spans, err := stdouttrace.New()
	if err != nil {
		return err
	}
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(metrics, metric.WithInterval(*every))))
	tracers := trace.NewTracerProvider(trace.WithBatcher(spans))
	defer func() { // exports what is left
		ctx := context.WithoutCancel(ctx)
		err = errors.Join(err, meters.Shutdown(ctx), tracers.Shutdown(ctx))
	}()

	observer, err := newObserver(meters.Meter("etcd"), tracers.Tracer("etcd"))
	if err != nil {
		return err
	}
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(*endpoints, ","), Observer: observer})
	if err != nil {
		return err
	}
	defer client.Close()
	mirror, err := client.Mirror(ctx, *dir)
	if err != nil {
		return err
	}
	defer mirror.Close()
	if err := observer.observeAge(mirror, *dir); err != nil {
		return err
	}
	for _, err := range mirror.Changes(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}
