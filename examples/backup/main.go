// Command backup writes a directory of etcd to a file, one node a line in the JSON of etcd's API, and restores it, on the
// same cluster or on another:
//
//	go run ./backup -endpoints http://127.0.0.1:2379 save /config >config.jsonl
//	go run ./backup -endpoints http://127.0.0.1:2379 restore <config.jsonl
//	go run ./backup -endpoints http://127.0.0.1:2379 -to /copy restore <config.jsonl
//
// A backup shows one moment, as a quorum read sees it, without hidden nodes. What is restored lives for as long as it had
// left to live at that moment. Restoring overwrites keys that exist, unless -keep is given, and deletes none. With -to, what was
// at and below the saved directory is restored at and below another one.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path"
	"strings"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	to        = flag.String("to", "", "directory to restore to; empty means the one that was saved")
	keep      = flag.Bool("keep", false, "leave keys that exist as they are")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(*endpoints, ",")})
	if err != nil {
		return err
	}
	defer client.Close()
	switch {
	case flag.Arg(0) == "save" && flag.NArg() == 2:
		return save(ctx, client, flag.Arg(1), os.Stdout)
	case flag.Arg(0) == "restore" && flag.NArg() == 1:
		return restore(ctx, client, os.Stdin)
	}
	return errors.New("usage: backup [flags] save directory >file | backup [flags] restore <file")
}

// save writes what is at and below dir, directories before what is in them.
func save(ctx context.Context, client *etcd.Client, dir string, to io.Writer) error {
	resp, err := client.Get(ctx, dir, etcd.WithRecursive(), etcd.WithSorted(), etcd.WithQuorum())
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(to)
	lines := json.NewEncoder(buffered)
	for node := range resp.Node.Walk() {
		line := *node
		line.Nodes = nil // have lines of their own
		if err := lines.Encode(&line); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func restore(ctx context.Context, client *etcd.Client, from io.Reader) error {
	lines := json.NewDecoder(from)
	var saved string // the directory, or "" for the root
	for restored := 0; ; restored++ {
		var node etcd.Node
		if err := lines.Decode(&node); err == io.EOF {
			fmt.Println("restored:", restored, "nodes")
			return nil
		} else if err != nil {
			return fmt.Errorf("after %d nodes: %w", restored, err)
		}
		if restored == 0 {
			saved = strings.TrimSuffix(node.Key, "/")
		}
		if *to != "" {
			node.Key = path.Join("/", *to, strings.TrimPrefix(node.Key, saved))
		}
		if err := put(ctx, client, &node); err != nil {
			return fmt.Errorf("%s: %w", node.Key, err)
		}
	}
}

func put(ctx context.Context, client *etcd.Client, node *etcd.Node) error {
	var err error
	switch {
	case node.Key == "/":
	case node.Dir:
		_, err = client.CreateDir(ctx, node.Key, etcd.WithTTLOf(node))
	case *keep:
		_, err = client.Create(ctx, node.Key, node.Value, etcd.WithTTLOf(node))
	default:
		_, err = client.Set(ctx, node.Key, node.Value, etcd.WithTTLOf(node))
	}
	if errors.Is(err, etcd.ErrNodeExist) {
		fmt.Println("kept:", node.Key)
		return nil
	}
	return err
}
