// Package seed makes trees for the tests of migrate: with odd keys, TTLs, and hidden and empty directories.
package seed

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// Hidden names the hidden keys of Nodes, which a read has to ask for.
var Hidden = []string{"/odd/_hidden", "/_locks"}

// Nodes returns about n nodes, in order. Those that expire do so in an hour or more.
func Nodes(n int) []dump.Node {
	hour := time.Now().Add(time.Hour).UTC()
	nodes := []dump.Node{
		{Key: "/_locks", Dir: true},
		{Key: "/_locks/job", Value: "holder", Expires: hour},
		{Key: "/odd", Dir: true},
		{Key: "/odd!", Value: "before what is in /odd"},
		{Key: "/odd/ space ", Value: " "},
		{Key: "/odd/%2F", Value: "%2F"},
		{Key: "/odd/%zz?a=b&c#d;e", Value: "a=b&c+d"},
		{Key: "/odd/*\"'`\\|<>", Value: "<>&\u2028"},
		{Key: "/odd/_hidden", Dir: true},
		{Key: "/odd/_hidden/x", Value: "1"},
		{Key: "/odd/control\x01\t\r\n", Value: "\x00\x01\r\n\t"},
		{Key: "/odd/empty", Value: ""},
		{Key: "/odd/emptydir", Dir: true},
		{Key: "/odd/emptydir.with.ttl", Dir: true, Expires: hour},
		{Key: "/odd/large", Value: strings.Repeat("0123456789abcdef", 4<<10)},
		{Key: "/odd/" + strings.Repeat("long", 500), Value: "long"},
		{Key: "/odd/sess", Dir: true, Expires: hour.Add(time.Minute)},
		{Key: "/odd/sess-1", Dir: true, Expires: hour},
		{Key: "/odd/sess-1/inside", Value: "ends with its directory"},
		{Key: "/odd/sess.2", Value: "between sess and what is in it"},
		{Key: "/odd/sess/deep", Dir: true},
		{Key: "/odd/sess/deep/er", Value: "1", Expires: hour},
		{Key: "/odd/ключ", Dir: true},
		{Key: "/odd/ключ/日本\U0001F600", Value: "значение \ufffd"},
	}
	for i := 0; len(nodes) < n; i++ {
		dir := fmt.Sprintf("/tree/%03d", i)
		if i == 0 {
			nodes = append(nodes, dump.Node{Key: "/tree", Dir: true})
		}
		nodes = append(nodes, dump.Node{Key: dir, Dir: true})
		for j := range 99 {
			file := dump.Node{Key: fmt.Sprintf("%s/%03d", dir, j), Value: fmt.Sprintf("value %d of %d", j, i)}
			switch j % 50 {
			case 7:
				file.Expires = hour.Add(time.Duration(i+j) * time.Second)
			case 9:
				file = dump.Node{Key: file.Key, Dir: true}
			}
			nodes = append(nodes, file)
		}
	}
	slices.SortFunc(nodes, dump.Compare)
	return nodes
}

// Plant writes nodes with the plain calls of the client, and leaves those that exist.
func Plant(ctx context.Context, client *etcd.Client, nodes []dump.Node) error {
	for _, n := range nodes {
		if n.Dir {
			if err := plant(ctx, client, n); err != nil {
				return err
			}
		}
	}
	files := make(chan dump.Node)
	errs := make(chan error, 32)
	var workers sync.WaitGroup
	for range cap(errs) {
		workers.Go(func() {
			var err error
			for n := range files {
				if err == nil {
					err = plant(ctx, client, n)
				}
			}
			errs <- err
		})
	}
	for _, n := range nodes {
		if !n.Dir {
			files <- n
		}
	}
	close(files)
	workers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func plant(ctx context.Context, client *etcd.Client, n dump.Node) error {
	var ttl etcd.TTLOption
	if !n.Expires.IsZero() {
		ttl = etcd.WithTTL(time.Until(n.Expires))
	}
	var err error
	if n.Dir {
		_, err = client.CreateDir(ctx, n.Key, ttl)
	} else {
		_, err = client.Set(ctx, n.Key, n.Value, ttl)
	}
	return err
}
