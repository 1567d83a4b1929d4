// Command queue passes jobs from any number of producers to any number of consumers, in order, each to one of them:
//
//	go run ./queue -endpoints http://127.0.0.1:2379 -queue /jobs put wash rinse dry
//	go run ./queue -endpoints http://127.0.0.1:2379 -queue /jobs take
//
// Jobs are in-order keys. A consumer takes one by deleting it, and waits for more. A job is handed out once at most: it is
// lost if its consumer fails right after. With -ttl, jobs that nobody takes in time are dropped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	queue     = flag.String("queue", "/jobs", "directory of the jobs")
	ttl       = flag.Duration("ttl", 0, "how long a job waits to be taken; 0 means for ever")
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
	switch {
	case flag.Arg(0) == "put" && flag.NArg() > 1:
		return put(ctx, client, flag.Args()[1:])
	case flag.Arg(0) == "take" && flag.NArg() == 1:
		return take(ctx, client, func(job string) error {
			_, err := fmt.Println("took:", job)
			return err
		})
	}
	return errors.New("usage: queue [flags] put job ... | queue [flags] take")
}

// put appends jobs to the queue.
func put(ctx context.Context, client *etcd.Client, jobs []string) error {
	for _, job := range jobs {
		resp, err := client.CreateInOrder(ctx, *queue, job, etcd.If(*ttl > 0, etcd.WithTTL(*ttl)))
		if err != nil {
			return fmt.Errorf("put %q: %w", job, err)
		}
		fmt.Println("put:", resp.Node.Key)
	}
	return nil
}

// take takes jobs and calls work with each, those that are there first and then those that come, until ctx ends.
func take(ctx context.Context, client *etcd.Client, work func(job string) error) error {
	for event, err := range client.Watch(ctx, *queue, etcd.WithRecursive(), etcd.WithCurrent()) {
		if errors.Is(err, etcd.ErrEventIndexCleared) {
			return take(ctx, client, work) // work was so slow that events are gone: begin with what is there now
		}
		if err != nil {
			return err
		}
		if event.Action != etcd.ActionGet && event.Action != etcd.ActionCreate {
			continue // a job was taken, or has expired
		}
		for job := range event.Node.Leaves() {
			value, err := claim(ctx, client, job)
			if errors.Is(err, etcd.ErrKeyNotFound) {
				continue // another consumer was faster
			}
			if err != nil {
				return fmt.Errorf("take %q: %w", job.Value, err)
			}
			if err := work(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// claim deletes a job and returns its value. If the job was updated since it was read, claim reads it again.
func claim(ctx context.Context, client *etcd.Client, job *etcd.Node) (string, error) {
	for {
		_, err := client.CompareAndDelete(ctx, job.Key, etcd.Prev{Index: job.ModifiedIndex})
		if !errors.Is(err, etcd.ErrCompareFailed) {
			return job.Value, err
		}
		resp, err := client.Get(ctx, job.Key, etcd.WithQuorum())
		if err != nil {
			return "", err
		}
		job = resp.Node
	}
}
