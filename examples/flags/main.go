// Command flags keeps feature flags in etcd. It changes them:
//
//	go run ./flags -endpoints http://127.0.0.1:2379 -dir /flags percent new-checkout 20
//	go run ./flags -endpoints http://127.0.0.1:2379 -dir /flags allow new-checkout ann
//
// and shows how a service asks for them, at any rate, without a request to etcd:
//
//	go run ./flags -endpoints http://127.0.0.1:2379 -dir /flags -listen 127.0.0.1:8001 serve
//	curl '127.0.0.1:8001/new-checkout?user=ann'
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	dir       = flag.String("dir", "/flags", "directory of the flags")
	listen    = flag.String("listen", "127.0.0.1:8001", "address to serve on")
)

// feature is the value of a flag.
type feature struct {
	Percent int      `json:"percent"`         // of all users have it
	Users   []string `json:"users,omitempty"` // have it, too
}

func (f feature) enabledFor(user string) bool {
	hash := fnv.New32a()
	hash.Write([]byte(user))
	return slices.Contains(f.Users, user) || int(hash.Sum32()%100) < f.Percent
}

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
	name, arg := flag.Arg(1), flag.Arg(2)
	switch flag.Arg(0) {
	case "percent":
		percent, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		return change(ctx, client, name, func(f *feature) { f.Percent = percent })
	case "allow":
		return change(ctx, client, name, func(f *feature) { f.Users = append(f.Users, arg) })
	case "serve":
		return serve(ctx, client)
	}
	return errors.New("usage: flags [flags] percent name number | allow name user | serve")
}

// change changes a flag, or creates it. Nothing is lost if several change the same flag at the same time.
func change(ctx context.Context, client *etcd.Client, name string, edit func(*feature)) error {
	resp, err := client.Modify(ctx, *dir+"/"+name, func(current string) (string, error) {
		var f feature
		if current != "" {
			if err := json.Unmarshal([]byte(current), &f); err != nil {
				return "", err
			}
		}
		edit(&f)
		text, err := json.Marshal(f)
		return string(text), err
	}, etcd.WithCreate())
	if err != nil {
		return err
	}
	fmt.Println(name, "is now", resp.Node.Value)
	return nil
}

// serve tells whether a user has a feature.
func serve(ctx context.Context, client *etcd.Client) error {
	mirror, err := client.Mirror(ctx, *dir)
	if err != nil {
		return err
	}
	defer mirror.Close()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Println("serving on", listener.Addr())
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f feature // off, unless the mirror knows better
		if node, ok := mirror.Get(*dir + r.URL.Path); ok {
			if err := json.Unmarshal([]byte(node.Value), &f); err != nil {
				fmt.Println("ignored:", node.Key, err)
			}
		}
		fmt.Fprintln(w, f.enabledFor(r.FormValue("user")))
	})}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	return server.Serve(listener)
}
