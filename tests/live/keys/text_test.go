package keys_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// segments are names that are something else to a URL, a form or a path when not escaped right.
var segments = []string{
	"a b", "a+b", "a%b", "a%2Fb", "a%252Fb", "a?b=c", "a#b", "a;b", "a&b=c", "a,b", "a:b@c", "a=b", "~a", "a*b",
	"...", ".hidden", "a\\b", `a"b'c`, "<a>", "日本", "☃", "é", "e\u0301", "a\tb", "\u2028", "%zz", "_x", "a|b^c`d{e}[f]",
}

func TestKeysRoundTrip(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for i, segment := range segments {
			key := fmt.Sprintf("%s/%s/%s", s.Dir, segment, segment)
			set := must(t)(s.Client.Set(t.Context(), key, strings.Repeat("v", i)))
			if set.Node.Key != key {
				t.Errorf("wrote %q, the server took it for %q", key, set.Node.Key)
			}
			holds(t, s.Client, key, strings.Repeat("v", i))
			if exists, err := s.Client.Exists(t.Context(), key); !exists || err != nil {
				t.Errorf("%q: exists %v, %v", key, exists, err)
			}
			event := must(t)(s.Client.WatchOnce(t.Context(), key, etcd.WithAfterIndex(set.Index-1)))
			if event.Node.Key != key {
				t.Errorf("watched %q, got %q", key, event.Node.Key)
			}
			inOrder := must(t)(s.Client.CreateInOrder(t.Context(), s.Dir+"/"+segment, "job"))
			if !strings.HasPrefix(inOrder.Node.Key, s.Dir+"/"+segment+"/") {
				t.Errorf("in-order key %q in %q", inOrder.Node.Key, segment)
			}
			must(t)(s.Client.Delete(t.Context(), key))
		}
		list := must(t)(s.Client.Get(t.Context(), s.Dir, etcd.WithRecursive()))
		var listed int
		for range list.Node.Leaves() {
			listed++
		}
		// Each left its in-order key; the hidden one's is not listed.
		if listed != len(segments)-1 {
			t.Errorf("%d keys left, want %d", listed, len(segments)-1)
		}
	})
}

func TestValuesRoundTrip(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for _, value := range append(segments, "", " ", "\x00", "line\nline\r\n", "</script>", "\ufffd", "a=b&c=d;e") {
			set := must(t)(s.Client.Set(t.Context(), s.Dir, value))
			if set.Node.Value != value {
				t.Errorf("wrote %q, the server took it for %q", value, set.Node.Value)
			}
			holds(t, s.Client, s.Dir, value)
			if value == "" {
				continue
			}
			must(t)(s.Client.CompareAndSwap(t.Context(), s.Dir, "next", etcd.Prev{Value: value}))
			must(t)(s.Client.Set(t.Context(), s.Dir, value))
			must(t)(s.Client.CompareAndDelete(t.Context(), s.Dir, etcd.Prev{Value: value}))
		}
	})
}

func TestLargeValue(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		// 1 MiB, half of it characters that the form escapes.
		value := strings.Repeat("a%", 512<<10)
		must(t)(s.Client.Set(t.Context(), s.Dir, value))
		holds(t, s.Client, s.Dir, value)
	})
}

func TestLargeTree(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		const files = 2_000
		want := map[string]string{}
		jobs := make(chan string)
		go func() {
			defer close(jobs)
			for i := range files {
				key := fmt.Sprintf("%s/%d/%d", s.Dir, i%100, i)
				want[key] = fmt.Sprintf("value %d", i)
				jobs <- key
			}
		}()
		write(t, s.Client, jobs)
		resp := must(t)(s.Client.Get(t.Context(), s.Dir, etcd.WithRecursive()))
		for leaf := range resp.Node.Leaves() {
			if want[leaf.Key] != leaf.Value {
				t.Fatalf("%s holds %q, want %q", leaf.Key, leaf.Value, want[leaf.Key])
			}
			delete(want, leaf.Key)
		}
		if len(want) != 0 {
			t.Errorf("%d of %d files missing", len(want), files)
		}
	})
}
