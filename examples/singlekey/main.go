// Command singlekey runs a command while it holds a lock that older programs take by hand, with client/v2, curl or
// etcdctl: one key with a TTL, which is created if it does not exist, and deleted if it is still the owner's.
//
//	go run ./singlekey -endpoints http://127.0.0.1:2379 -lock /locks/migration -- echo migrating
//
// While the command runs, the key is kept alive, and the older programs stay out:
//
//	etcdctl mk --ttl 60 /locks/migration me
//
// If the lock is lost, the command is killed and the program fails.
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
	name      = flag.String("lock", "/locks/migration", "key of the lock")
	ttl       = flag.Duration("ttl", 30*time.Second, "how long the lock outlives this process")
	wait      = flag.Bool("wait", true, "wait for the lock if another program holds it")
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
	if flag.NArg() == 0 {
		return errors.New("usage: singlekey [flags] -- command [argument ...]")
	}
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(*endpoints, ",")})
	if err != nil {
		return err
	}
	defer client.Close()
	mutex := locking.NewMutex(client, *name, locking.WithSingleKey(), locking.WithTTL(*ttl))
	if *wait {
		return locking.Do(ctx, mutex, work)
	}
	return locking.Do(ctx, try{mutex}, work)
}

// try is a mutex whose Lock does not wait: it fails with locking.ErrLocked.
type try struct{ mutex *locking.Mutex }

func (t try) Lock(ctx context.Context) (*locking.Lock, error) { return t.mutex.TryLock(ctx) }

func work(ctx context.Context, lock *locking.Lock) error {
	fmt.Println("locked by", lock.Value(), "with token", lock.Token())
	cmd := exec.CommandContext(ctx, flag.Arg(0), flag.Args()[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
