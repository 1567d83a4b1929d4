package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v2tree"
)

// notice looks for what the user should know of a node.
func (e *exporting) notice(n dump.Node) {
	if strings.ContainsRune(n.Key, utf8.RuneError) || strings.ContainsRune(n.Value, utf8.RuneError) {
		e.replaced++
	}
	if !n.Expires.IsZero() && !e.skewed {
		// Etcd rounds a TTL up to a second, so half a second is right on average.
		read := n.Expires.Add(-time.Duration(n.TTL)*time.Second + time.Second/2)
		e.skew, e.skewed = time.Since(read), true
	}
}

// tell says what the file lacks or may have wrong.
func (e *exporting) tell(ctx context.Context) {
	if e.replaced > 0 {
		fmt.Fprintf(e.s.out, "%d nodes have U+FFFD in their key or value. Etcd answers with it in place of bytes that are not valid UTF-8;\n"+
			"what these bytes were cannot be read.\n", e.replaced)
	}
	if e.skew.Abs() > 5*time.Second {
		fmt.Fprintf(e.s.out, "The clock of the server and that of this machine differ by %v. Import counts the time that a node has left\n"+
			"by the clock of the machine that it runs on.\n", e.skew.Round(time.Second))
	}
	missed := e.missed(ctx)
	for _, key := range missed {
		fmt.Fprintf(e.s.out, "The hidden key %s exists and is not in the file; --hidden %s exports it.\n", key, key)
	}
	if len(e.opts.Hidden) == 0 && len(missed) == 0 {
		fmt.Fprintln(e.s.out, "No hidden keys were asked for, so none are in the file. Etcd does not list them.")
	}
}

// missed returns the well-known hidden keys that exist and were not exported.
func (e *exporting) missed(ctx context.Context) []string {
	var keys []string
	for _, key := range v2tree.WellKnownHidden {
		if !dump.Within(key, e.opts.Root) || slices.Contains(e.opts.Hidden, key) || slices.Contains(e.opts.Hidden, key[1:]) {
			continue
		}
		if exists, err := e.client.Exists(ctx, key); err == nil && exists {
			keys = append(keys, key)
		}
	}
	return keys
}

// warnOfAncestors warns of directories above the root that expire, because the file does not have them.
func (e *exporting) warnOfAncestors(ctx context.Context) {
	for dir := e.opts.Root; dir != "/"; dir = path.Dir(dir) {
		if dir == e.opts.Root {
			continue
		}
		if resp, err := e.client.Get(ctx, dir); err == nil && !resp.Node.Expiration.IsZero() {
			e.s.warn("the directory %q expires, and everything in it; the file has only what is in %q, which an import makes permanent",
				dir, e.opts.Root)
		}
	}
}
