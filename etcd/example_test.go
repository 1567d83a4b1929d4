package etcd_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
)

// ctx bounds the examples' calls; a program has one with a deadline.
var ctx = context.Background()

// connect returns a client of the server that the examples run against.
func connect() *etcd.Client {
	client, err := etcd.New(etcd.Config{Endpoints: []string{os.Getenv("ETCD_EXAMPLES_ENDPOINT")}})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// A program makes one client, uses it everywhere, and closes it at its end.
func ExampleNew() {
	client, err := etcd.New(etcd.Config{
		Endpoints: []string{"http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println(len(client.Endpoints()), "members are known")
	// Output: 3 members are known
}

// Speak TLS with an own authority, a client certificate and a password.
func ExampleTLSFiles() {
	tls, err := etcd.TLSFiles{CA: "ca.pem", Cert: "client.pem", Key: "client-key.pem"}.Config()
	if err != nil {
		log.Fatal(err)
	}
	client, err := etcd.New(etcd.Config{
		Endpoints: []string{"https://etcd.example.com:2379"},
		TLS:       tls,
		Username:  "app",
		Password:  os.Getenv("ETCD_PASSWORD"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
}

// Write a key, and one that expires unless it is written again.
func ExampleClient_Set() {
	client := connect()
	defer client.Close()

	resp, err := client.Set(ctx, "/set/color", "blue")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Action, resp.Node.Key, resp.Node.Value)

	resp, err = client.Set(ctx, "/set/session", "alice", etcd.WithTTL(90*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Node.Key, "lives for", resp.Node.TTL)
	// Output:
	// set /set/color blue
	// /set/session lives for 1m30s
}

// Read a key, and tell one that is not there from other failures.
func ExampleClient_Get() {
	client := connect()
	defer client.Close()
	if _, err := client.Set(ctx, "/get/color", "blue"); err != nil {
		log.Fatal(err)
	}

	resp, err := client.Get(ctx, "/get/color", etcd.WithQuorum())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Node.Value)

	_, err = client.Get(ctx, "/get/shape")
	if errors.Is(err, etcd.ErrKeyNotFound) {
		fmt.Println("no shape")
	}
	// Output:
	// blue
	// no shape
}

// Read everything below a directory.
func ExampleClient_Get_recursive() {
	client := connect()
	defer client.Close()
	for _, key := range []string{"/nodes/web/n1", "/nodes/web/n2", "/nodes/db/n3"} {
		if _, err := client.Set(ctx, key, "up"); err != nil {
			log.Fatal(err)
		}
	}

	resp, err := client.Get(ctx, "/nodes", etcd.WithRecursive(), etcd.WithSorted())
	if err != nil {
		log.Fatal(err)
	}
	for leaf := range resp.Node.Leaves() {
		fmt.Println(leaf.Key, leaf.Value)
	}
	// Output:
	// /nodes/db/n3 up
	// /nodes/web/n1 up
	// /nodes/web/n2 up
}

// Delete a key, and a directory with all that is in it.
func ExampleClient_Delete() {
	client := connect()
	defer client.Close()
	for _, key := range []string{"/delete/a", "/delete/dir/b", "/delete/dir/c"} {
		if _, err := client.Set(ctx, key, "old"); err != nil {
			log.Fatal(err)
		}
	}

	resp, err := client.Delete(ctx, "/delete/a")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Node.Key, "was", resp.PrevNode.Value)

	_, err = client.Delete(ctx, "/delete/dir")
	fmt.Println(errors.Is(err, etcd.ErrNotFile))

	_, err = client.Delete(ctx, "/delete/dir", etcd.WithRecursive())
	fmt.Println(err)
	// Output:
	// /delete/a was old
	// true
	// <nil>
}

// Write only if the value, or the index, is still the one that was read.
func ExampleClient_CompareAndSwap() {
	client := connect()
	defer client.Close()
	read, err := client.Set(ctx, "/swap", "one")
	if err != nil {
		log.Fatal(err)
	}

	_, err = client.CompareAndSwap(ctx, "/swap", "two", etcd.Prev{Value: "one"})
	fmt.Println("by value:", err)

	_, err = client.CompareAndSwap(ctx, "/swap", "three", etcd.Prev{Index: read.Node.ModifiedIndex})
	fmt.Println("by an index that has passed:", errors.Is(err, etcd.ErrCompareFailed))
	// Output:
	// by value: <nil>
	// by an index that has passed: true
}

// Write only if the key does not exist.
func ExampleClient_Create() {
	client := connect()
	defer client.Close()

	_, err := client.Create(ctx, "/create", "first")
	fmt.Println(err)

	_, err = client.Create(ctx, "/create", "second")
	fmt.Println(errors.Is(err, etcd.ErrNodeExist))
	// Output:
	// <nil>
	// true
}

// Write only if the key exists.
func ExampleClient_Update() {
	client := connect()
	defer client.Close()

	_, err := client.Update(ctx, "/update", "new")
	fmt.Println(errors.Is(err, etcd.ErrKeyNotFound))
	// Output: true
}

// Change a value depending on what it was, while others do the same.
func ExampleClient_Modify() {
	client := connect()
	defer client.Close()
	if _, err := client.Set(ctx, "/counter", "41"); err != nil {
		log.Fatal(err)
	}

	resp, err := client.Modify(ctx, "/counter", func(current string) (string, error) {
		n, err := strconv.Atoi(current)
		return strconv.Itoa(n + 1), err
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Node.Value)
	// Output: 42
}

// Keep a key alive without changing its value.
func ExampleClient_Refresh() {
	client := connect()
	defer client.Close()
	if _, err := client.Set(ctx, "/refresh", "alive", etcd.WithTTL(10*time.Second)); err != nil {
		log.Fatal(err)
	}

	resp, err := client.Refresh(ctx, "/refresh", time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Node.Value, resp.Node.TTL)
	// Output: alive 1m0s
}

// Follow the changes of a directory from the point at which it was read, so that none is missed.
func ExampleClient_Watch() {
	client := connect()
	defer client.Close()
	if _, err := client.Set(ctx, "/config/level", "info"); err != nil {
		log.Fatal(err)
	}

	read, err := client.Get(ctx, "/config", etcd.WithRecursive())
	if err != nil {
		log.Fatal(err)
	}
	for leaf := range read.Node.Leaves() {
		fmt.Println("is", leaf.Key, leaf.Value)
	}

	// Somebody changes what has just been read.
	if _, err := client.Set(ctx, "/config/level", "debug"); err != nil {
		log.Fatal(err)
	}
	if _, err := client.Delete(ctx, "/config/level"); err != nil {
		log.Fatal(err)
	}

	for event, err := range client.Watch(ctx, "/config", etcd.WithRecursive(), etcd.WithAfterIndex(read.Index)) {
		if err != nil {
			log.Fatal(err) // ctx is over, or etcd.ErrEventIndexCleared: read again
		}
		fmt.Println(event.Action, event.Node.Key, event.Node.Value)
		if event.Action == etcd.ActionDelete {
			break
		}
	}
	// Output:
	// is /config/level info
	// set /config/level debug
	// delete /config/level
}

// Wait for a key to change, but not for ever.
func ExampleClient_WatchOnce() {
	client := connect()
	defer client.Close()

	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err := client.WatchOnce(short, "/nothing/happens/here")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output: true
}

// Make a directory that goes away with all that is in it.
func ExampleClient_CreateDir() {
	client := connect()
	defer client.Close()

	resp, err := client.CreateDir(ctx, "/jobs/4711", etcd.WithTTL(time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Node.Key, resp.Node.Dir, resp.Node.TTL)

	_, err = client.CreateDir(ctx, "/jobs/4711")
	fmt.Println(errors.Is(err, etcd.ErrNodeExist))
	// Output:
	// /jobs/4711 true 1m0s
	// true
}

// Queue jobs and take them out in the same order.
func ExampleClient_CreateInOrder() {
	client := connect()
	defer client.Close()
	for _, job := range []string{"wash", "rinse", "dry"} {
		if _, err := client.CreateInOrder(ctx, "/queue", job); err != nil {
			log.Fatal(err)
		}
	}

	resp, err := client.Get(ctx, "/queue", etcd.WithSorted())
	if err != nil {
		log.Fatal(err)
	}
	for job := range resp.Node.Children() {
		// The consumer that deletes a job has taken it, whoever else may have listed it.
		_, err := client.CompareAndDelete(ctx, job.Key, etcd.Prev{Index: job.ModifiedIndex})
		fmt.Println(job.Value, err)
	}
	// Output:
	// wash <nil>
	// rinse <nil>
	// dry <nil>
}

// Ask the cluster about itself.
func ExampleClient_Machines() {
	client := connect()
	defer client.Close()

	machines, err := client.Machines(ctx)
	if err != nil {
		log.Fatal(err)
	}
	leader, err := client.Leader(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(machines), "machine; the leader's name is known:", leader.Name != "")
	// Output: 1 machine; the leader's name is known: true
}

// Take a key for oneself, and know whether it worked even when the answer was lost.
func ExampleWithUniqueValue() {
	client := connect()
	defer client.Close()

	token := rand.Text() // nobody else writes this value
	resp, err := client.Create(ctx, "/owner", "web-1 "+token, etcd.WithTTL(time.Minute), etcd.WithUniqueValue())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Node.Key, "is ours:", strings.HasSuffix(resp.Node.Value, token))
	// Output: /owner is ours: true
}

// Know three members, learn of others, begin with the leader, and write to a log what goes wrong.
func ExampleConfig() {
	client, err := etcd.New(etcd.Config{
		Endpoints:    []string{"http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"},
		Selection:    etcd.SelectLeader,
		SyncInterval: 10 * time.Second,
		Observer:     etcd.LogObserver(slog.Default()),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
}

// Tell what a failed write means.
func ExampleClusterError() {
	client, err := etcd.New(etcd.Config{Endpoints: []string{"http://127.0.0.1:1"}})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	_, err = client.Set(ctx, "/a", "1")
	var failed *etcd.ClusterError
	if errors.As(err, &failed) {
		fmt.Println("attempts:", len(failed.Attempts))
		fmt.Println("may have been applied:", errors.Is(err, etcd.ErrOutcomeUnknown))
	}
	// Output:
	// attempts: 1
	// may have been applied: false
}
