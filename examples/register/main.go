// Command register announces a service in etcd for as long as it runs, and says whether the service is healthy:
//
//	go run ./register -endpoints http://127.0.0.1:2379 -service /services/web -address 10.0.0.7:8080 -check http://10.0.0.7:8080/health
//
// The key has a TTL, so it goes away with the machine. While nothing changes it is refreshed, which wakes no watcher.
// It is written again if its value changes, and created again if it expired while etcd could not be reached. If another
// process registers the same address, the last one wins; the other one ends, and leaves the key alone.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
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

// instance is the value of a key.
type instance struct {
	Address string `json:"address"`
	Healthy bool   `json:"healthy"`
	Owner   string `json:"owner"` // the process that keeps the key alive
}

var errTakenOver = errors.New("another process has registered this address")

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
	r := registration{client: client, key: *service + "/" + *address, owner: rand.Text()}

	for ctx.Err() == nil {
		err := r.keep(ctx, healthy())
		switch {
		case ctx.Err() != nil:
		case etcd.Retryable(err):
			fmt.Println("trying again:", err)
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(*ttl / 5): // several tries before the key expires
		}
	}
	return r.end(context.WithoutCancel(ctx))
}

type registration struct {
	client *etcd.Client
	key    string
	owner  string
	value  string // as last written
}

// keep makes the key say whether the instance is healthy, and live for another ttl.
func (r *registration) keep(ctx context.Context, healthy bool) error {
	text, err := json.Marshal(instance{Address: *address, Healthy: healthy, Owner: r.owner})
	if err != nil {
		return err
	}
	value := string(text)
	if value == r.value {
		resp, err := r.client.Refresh(ctx, r.key, *ttl)
		switch {
		case errors.Is(err, etcd.ErrKeyNotFound): // it has expired
		case err != nil:
			return err
		case resp.Node.Value == value:
			return nil
		}
	}
	_, err = r.client.Modify(ctx, r.key, func(current string) (string, error) {
		if r.value != "" && current != "" && !strings.Contains(current, r.owner) {
			return "", errTakenOver
		}
		return value, nil
	}, etcd.WithCreate(), etcd.WithTTL(*ttl))
	if err != nil {
		return err
	}
	r.value = value
	fmt.Println("registered:", value)
	return nil
}

// end deletes the key, unless another process has taken it over.
func (r *registration) end(ctx context.Context) error {
	if r.value == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := r.client.CompareAndDelete(ctx, r.key, etcd.Prev{Value: r.value})
	if errors.Is(err, etcd.ErrKeyNotFound) || errors.Is(err, etcd.ErrCompareFailed) {
		return nil
	}
	return err
}

// healthy reports whether the instance answers its health check.
func healthy() bool {
	client := http.Client{Timeout: time.Second}
	resp, err := client.Get(*check)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
