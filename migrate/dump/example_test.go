package dump_test

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/etcdv2/client/migrate/dump"
)

// The sum of the footer is that of all lines before it.
func ExampleWriter() {
	begin := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	w, err := dump.NewWriter(os.Stdout, dump.Header{Cluster: "cdf818194e3a8c32", Server: "2.3.8", Index: 7, Root: "/", Started: begin})
	if err != nil {
		panic(err)
	}
	for _, n := range []dump.Node{
		{Key: "/app", Dir: true, Created: 4, Modified: 4},
		{Key: "/app/name", Value: "shop", Created: 4, Modified: 6},
		{Key: "/app/session", TTL: 30, Expires: begin.Add(30500 * time.Millisecond), Created: 7, Modified: 7},
	} {
		if err := w.Write(n); err != nil {
			panic(err)
		}
	}
	if err := w.Close(dump.Footer{Index: 7, PointInTime: true}); err != nil {
		panic(err)
	}
	// Output:
	// {"format":"etcd-v2-tree","version":1,"cluster":"cdf818194e3a8c32","server":"2.3.8","index":7,"root":"/","started":"2026-11-30T10:00:00Z"}
	// {"key":"/app","dir":true,"created":4,"modified":4}
	// {"key":"/app/name","value":"shop","created":4,"modified":6}
	// {"key":"/app/session","value":"","ttl":30,"expires":"2026-11-30T10:00:30.5Z","created":7,"modified":7}
	// {"end":true,"nodes":3,"sha256":"6355a5f8c758569d26c593cb13820a7dfa535d9440dfb85338c4efc513447dec","index":7,"pointInTime":true}
}

// A loop over the nodes that ends without an error has read a whole file.
func ExampleReader() {
	file := []byte(`{"format":"etcd-v2-tree","version":1,"index":7,"root":"/","started":"2026-11-30T10:00:00Z"}
{"key":"/app","dir":true,"created":4,"modified":4}
{"key":"/app/name","value":"shop","created":4,"modified":6}
`) // its footer has been cut off
	r, err := dump.NewReader(bytes.NewReader(file))
	if err != nil {
		panic(err)
	}
	for n, err := range r.Nodes() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(n.Key)
	}
	// Output:
	// /app
	// /app/name
	// dump: the file is not complete: it has no footer
}
