// Command secure follows a directory of a cluster that speaks TLS, asks for client certificates, and has authentication
// switched on:
//
//	ETCD_PASSWORD=secret go run ./secure -endpoints https://10.0.0.1:2379 -dir /app/ \
//		-ca ca.crt -cert client.crt -key client.key -user app
//
// The certificate and the key can be replaced while it runs, as by a job that renews them: each new connection reads the
// files again. The program retries until the cluster accepts them, and logs why it has not.
//
// The directory's name ends in a slash because the role of the user allows "/app/*".
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strings"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "https://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	dir       = flag.String("dir", "/app/", "directory to follow")
	ca        = flag.String("ca", "ca.crt", "file with the authorities that sign the servers' certificates")
	cert      = flag.String("cert", "client.crt", "file with the client's certificate")
	key       = flag.String("key", "client.key", "file with its private key")
	user      = flag.String("user", "app", "name of the user; the password is in ETCD_PASSWORD")
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
	tls, err := etcd.TLSFiles{CA: *ca, Cert: *cert, Key: *key}.Config()
	if err != nil {
		return err
	}
	client, err := etcd.New(etcd.Config{
		Endpoints: strings.Split(*endpoints, ","),
		TLS:       tls,
		Username:  *user,
		Password:  os.Getenv("ETCD_PASSWORD"),
		Observer:  etcd.LogObserver(slog.Default()), // says why a member cannot be used
	})
	if err != nil {
		return err
	}
	defer client.Close()

	for event, err := range client.Watch(ctx, *dir, etcd.WithRecursive(), etcd.WithCurrent()) {
		if err != nil {
			return err // a wrong password, for example
		}
		for leaf := range event.Node.Leaves() {
			fmt.Println(event.Action, leaf.Key, leaf.Value)
		}
	}
	return nil
}
