// Command cron runs a command at fixed times, on one of the machines it is started on. If that machine fails, another one
// goes on:
//
//	go run ./cron -endpoints http://127.0.0.1:2379 -job /cron/report -every 1m -- echo making the report
//
// Start it on several machines: they elect a leader, and the leader runs the command. The election decides who works; so
// that no run is ever made twice, not even by a leader that was suspended and is late, each run is also claimed with a
// compare-and-swap. A run is skipped if its leader fails at that moment.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	job       = flag.String("job", "/cron/report", "directory of the job")
	name      = flag.String("name", "", "name of this process; empty means that of the host")
	every     = flag.Duration("every", time.Minute, "time between two runs, at least a second")
)

var errClaimed = errors.New("claimed before")

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	if flag.NArg() == 0 || *every < time.Second {
		return errors.New("usage: cron [flags] -- command [argument ...]")
	}
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(*endpoints, ",")})
	if err != nil {
		return err
	}
	defer client.Close()
	e := election.New(client, *job+"/leader", election.WithTTL(10*time.Second))
	return e.Run(ctx, *name, func(ctx context.Context, term *election.Term) error {
		fmt.Println("leading, with token", term.Token())
		return lead(ctx, client)
	})
}

// lead runs the command at each time that comes, until ctx ends with the term.
func lead(ctx context.Context, client *etcd.Client) error {
	for {
		next := time.Now().UTC().Truncate(*every).Add(*every)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(next)):
		}
		at := next.Format(time.RFC3339)
		if err := claim(ctx, client, at); err != nil {
			fmt.Println("skipping", at, err)
			continue
		}
		fmt.Println("running", at)
		cmd := exec.CommandContext(ctx, flag.Arg(0), flag.Args()[1:]...)
		cmd.Env = append(os.Environ(), "CRON_TIME="+at)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Println("failed", at, err)
		}
	}
}

// claim returns nil to one caller at most for each time. Times in this format, all in UTC, sort as text.
func claim(ctx context.Context, client *etcd.Client, at string) error {
	_, err := client.Modify(ctx, *job+"/claimed", func(last string) (string, error) {
		if last >= at {
			return "", errClaimed
		}
		return at, nil
	}, etcd.WithCreate())
	return err
}
