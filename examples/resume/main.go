// Command resume prints every change of a directory, also those that were made while it did not run:
//
//	go run ./resume -endpoints http://127.0.0.1:2379 -dir /config -state resume.json
//
// It stores the last response that it has handled as JSON, and resumes after that response when it is started again. If the
// server no longer has the events after it, or the cluster was replaced, it reads the directory instead. If it is killed between
// printing a change and storing it, it prints the change twice.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"strings"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	dir       = flag.String("dir", "/config", "directory to follow")
	state     = flag.String("state", "resume.json", "file for the last response")
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
	last, err := load()
	if err != nil {
		return err
	}
	if last != nil {
		err := follow(ctx, client, etcd.WithAfterResponse(last))
		if ended := new(etcd.WatchError); !errors.As(err, &ended) {
			return err
		}
		fmt.Println("reading again:", err) // ErrEventIndexCleared, ErrWrongCluster or ErrClusterRolledBack
	}
	return follow(ctx, client, etcd.WithCurrent())
}

// follow prints the content or the changes from start on, and stores each response when it has been printed.
func follow(ctx context.Context, client *etcd.Client, start etcd.WatchOption) error {
	for event, err := range client.Watch(ctx, *dir, etcd.WithRecursive(), start) {
		if err != nil {
			return err
		}
		if event.Action == etcd.ActionGet {
			for leaf := range event.Node.Leaves() {
				fmt.Println("is:", leaf.Key, leaf.Value)
			}
		} else {
			fmt.Println(event.Action, event.Node.Key, event.Node.Value)
		}
		if err := store(event); err != nil {
			return err
		}
	}
	return nil
}

// load returns the stored response, or nil if none was stored.
func load() (*etcd.Response, error) {
	text, err := os.ReadFile(*state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var last etcd.Response
	if err := json.Unmarshal(text, &last); err != nil {
		return nil, fmt.Errorf("%s: %w", *state, err)
	}
	return &last, nil
}

// store replaces the stored response. A crash leaves the old one or the new one.
func store(last *etcd.Response) error {
	text, err := json.Marshal(last)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*state+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(*state+".new", *state)
}
