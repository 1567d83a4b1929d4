// Command register announces a service in etcd for as long as it runs, and says whether the service is healthy:
//
//	go run ./register -endpoints http://127.0.0.1:2379 -service /services/web -address 10.0.0.7:8080 -check http://10.0.0.7:8080/health
//
// The key has a TTL, so it goes away with the machine. A Registration renews it, which wakes no watcher, and creates it again
// if it was lost. If another process registers the same address, the last one wins; the other one ends, and leaves the key alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	service   = flag.String("service", "/services/web", "directory of the service's instances")
	address   = flag.String("address", "127.0.0.1:8080", "address of this instance")
	check     = flag.String("check", "http://127.0.0.1:8080/health", "URL that answers 200 while this instance is healthy")
	ttl       = flag.Duration("ttl", 15*time.Second, "how long the key outlives this process")
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

	value := state()
	registration, err := client.Register(ctx, *service+"/"+*address, value, *ttl)
	for etcd.Retryable(err) && wait(ctx) { // no member answers yet
		fmt.Println("trying again:", err)
		registration, err = client.Register(ctx, *service+"/"+*address, value, *ttl)
	}
	if err != nil {
		return err
	}
	defer end(ctx, registration)
	fmt.Println("registered:", value)

	for wait(ctx) {
		if err := registration.Err(); errors.Is(err, etcd.ErrTaken) {
			return err
		} else if err != nil {
			fmt.Println("not registered:", err)
		}
		if now := state(); now != value {
			if err := registration.SetValue(ctx, now); err != nil {
				fmt.Println("trying again:", err)
				continue
			}
			value = now
			fmt.Println("registered:", value)
		}
	}
	return nil
}

// end deletes the key. If etcd does not answer in time, the key expires.
func end(ctx context.Context, registration *etcd.Registration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := registration.Close(ctx); err != nil {
		log.Print(err)
	}
}

// wait waits for the time of the next look at the instance. It returns false if ctx is done.
func wait(ctx context.Context) bool {
	select {
	case <-time.After(*ttl / 5):
		return true
	case <-ctx.Done():
		return false
	}
}

// state returns the value of the key: the address, and whether the instance answers its health check.
func state() string {
	client := http.Client{Timeout: time.Second}
	healthy := false
	if resp, err := client.Get(*check); err == nil {
		resp.Body.Close()
		healthy = resp.StatusCode == http.StatusOK
	}
	return fmt.Sprintf(`{"address":%q,"healthy":%t}`, *address, healthy)
}
