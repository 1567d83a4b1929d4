//go:build unix

package exclusion_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/etcdv2/client/etcd"
)

// childEnv says what role a contender has that is a process of its own, its name and its endpoints.
const childEnv = "EXCLUSION_CHILD"

// child contends until its input is closed, and prints what happens to it.
func child() {
	words := strings.Split(os.Getenv(childEnv), ",")
	role, name, endpoints := words[0], words[1], words[2:]
	client, err := etcd.New(etcd.Config{Endpoints: endpoints})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	c := roles[role](client, name)
	c.name, c.client, c.lasting, c.tell = name, client, 40, func(e event) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(e)
	}
	c.run(ctx)
}
