// Command slots works on the jobs of a queue, with no more than a number of jobs at a time in the whole cluster, as where
// each one needs a licence, or a connection to a database that has few:
//
//	go run ./slots -endpoints http://127.0.0.1:2379 -queue /jobs -slots /slots/jobs -limit 2 -- echo working on
//
// Start it on as many machines as you like. Each runs the command with the value of the next job as its last argument,
// whenever it gets a slot, and ends when the queue is empty. Jobs whose command fails, or loses its slot while it runs,
// are kept in the directory -failed.
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

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	queue     = flag.String("queue", "/jobs", "directory of the jobs, which are in-order keys")
	failed    = flag.String("failed", "/jobs-failed", "directory for jobs that failed")
	slots     = flag.String("slots", "/slots/jobs", "directory of the slots")
	limit     = flag.Int("limit", 2, "number of slots; the same everywhere")
)

var errEmpty = errors.New("the queue is empty")

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	if flag.NArg() == 0 {
		return errors.New("usage: slots [flags] -- command [argument ...]")
	}
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(*endpoints, ",")})
	if err != nil {
		return err
	}
	defer client.Close()
	semaphore := locking.NewSemaphore(client, *slots, *limit, locking.WithTTL(15*time.Second))
	for {
		err := locking.Do(ctx, semaphore, func(ctx context.Context, _ *locking.Lock) error {
			return workOnNext(ctx, client)
		})
		switch {
		case errors.Is(err, errEmpty):
			return nil
		case errors.Is(err, locking.ErrLost):
			fmt.Println("trying again:", err)
		case err != nil:
			return err
		}
	}
}

// workOnNext takes a job and runs the command on it. The command is killed if ctx ends, with the slot for example.
func workOnNext(ctx context.Context, client *etcd.Client) error {
	job, err := take(ctx, client)
	if err != nil {
		return err
	}
	fmt.Println("working:", job)
	cmd := exec.CommandContext(ctx, flag.Arg(0), append(flag.Args()[1:], job)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Println("failed:", job, err)
		_, err = client.CreateInOrder(context.WithoutCancel(ctx), *failed, job)
		return err
	}
	fmt.Println("done:", job)
	return nil
}

// take removes the first job that no other process takes before, and returns it.
func take(ctx context.Context, client *etcd.Client) (string, error) {
	resp, err := client.Get(ctx, *queue, etcd.WithSorted(), etcd.WithQuorum())
	if errors.Is(err, etcd.ErrKeyNotFound) {
		return "", errEmpty
	}
	if err != nil {
		return "", err
	}
	for job := range resp.Node.Children() {
		_, err := client.CompareAndDelete(ctx, job.Key, etcd.Prev{Index: job.ModifiedIndex})
		switch {
		case err == nil:
			return job.Value, nil
		case !errors.Is(err, etcd.ErrKeyNotFound):
			return "", fmt.Errorf("take %q: %w", job.Value, err)
		}
	}
	return "", errEmpty
}
