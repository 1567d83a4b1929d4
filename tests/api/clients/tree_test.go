package clients_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcdv2/client/etcd"
)

// left is what the scenario leaves behind in its directory. The keys of the queue are numbered anew here.
var left = map[string]string{
	"/a b/c?d#e%f+g&h=i;j/ü漢🙂": "1+1 = 2 & 100% ü漢🙂",
	"/empty":                   "",
	"/create":                  "first",
	"/swap":                    "new",
	"/queue/1":                 "first",
	"/queue/2":                 "second",
	"/list/a":                  "1",
	"/list/b":                  "2",
	"/list/sub/c":              "3",
	"/watch":                   "after",
}

// checkTree compares what is in the directory with what the scenario should have left. A client that garbled what it
// wrote, and what it read in the same way, would not notice it by itself.
func checkTree(ctx context.Context, client *etcd.Client, dir string) error {
	resp, err := client.Get(ctx, dir, etcd.WithRecursive(), etcd.WithSorted())
	if err != nil {
		return err
	}
	got, queued := map[string]string{}, 0
	for leaf := range resp.Node.Leaves() {
		key := strings.TrimPrefix(leaf.Key, dir)
		if strings.HasPrefix(key, "/queue/") {
			queued++
			key = fmt.Sprintf("/queue/%d", queued)
		}
		got[key] = leaf.Value
	}
	if maps.Equal(got, left) {
		return nil
	}
	return fmt.Errorf("it has %q instead of %q", inOrder(got), inOrder(left))
}

func inOrder(tree map[string]string) []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		lines = append(lines, key+"="+tree[key])
	}
	return lines
}
