package etcd

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
)

// cannedClient returns a client of a server that answers always the same.
func cannedClient(tb testing.TB, body string) (*Client, string) {
	endpoint := canned(tb, replyWith([]byte(body)))
	client, err := New(Config{Endpoints: []string{endpoint}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { client.Close() })
	return client, endpoint
}

// plainCall makes a request with net/http and encoding/json alone, as a program does that uses no library.
func plainCall(ctx context.Context, client *http.Client, method, address string, form url.Values) error {
	var content io.Reader
	if form != nil {
		content = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, new(gen.Event))
}

// hotCalls are the calls that programs make most, ours and bare.
func hotCalls(tb testing.TB) map[string]func() error {
	ctx := tb.Context()
	get, getEndpoint := cannedClient(tb, cannedGet)
	set, setEndpoint := cannedClient(tb, cannedSet)
	swap, _ := cannedClient(tb, cannedSwap)
	transport := &http.Transport{DisableCompression: true}
	tb.Cleanup(transport.CloseIdleConnections)
	plain := &http.Client{Transport: transport}
	return map[string]func() error{
		"Get": func() error {
			_, err := get.Get(ctx, "/nodes/n1")
			return err
		},
		"Set": func() error {
			_, err := set.Set(ctx, "/nodes/n1", "http://10.0.0.1:8080")
			return err
		},
		"CompareAndSwap": func() error {
			_, err := swap.CompareAndSwap(ctx, "/nodes/n1", "http://10.0.0.1:8080", Prev{Index: 3})
			return err
		},
		"bare Get": func() error { return plainCall(ctx, plain, http.MethodGet, getEndpoint+"/v2/keys/nodes/n1", nil) },
		"bare Set": func() error {
			return plainCall(ctx, plain, http.MethodPut, setEndpoint+"/v2/keys/nodes/n1", url.Values{"value": {"http://10.0.0.1:8080"}})
		},
	}
}

func BenchmarkCall(b *testing.B) {
	calls := hotCalls(b)
	for _, name := range []string{"Get", "bare Get", "Set", "bare Set", "CompareAndSwap"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := calls[name](); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	bodies := map[string][]byte{"event": []byte(cannedSet), "10,000 nodes": cannedTree(10_000)}
	req := httptest.NewRequest("GET", "/v2/keys/k", nil)
	reply := cluster.Reply{Response: &http.Response{StatusCode: 200, Request: req}}
	for name, body := range bodies {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := decodeEvent(reply, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Allocations are exact, unlike times. Those of a call are counted beyond what net/http and encoding/json need for the
// same, since that differs between releases of Go.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, too; `make test` runs this without it as well")
	}
	calls := hotCalls(t)
	count := func(name string) float64 {
		return testing.AllocsPerRun(500, func() {
			if err := calls[name](); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, test := range []struct {
		name, like string
		most       float64
	}{{"Get", "bare Get", 3}, {"Set", "bare Set", 2}, {"CompareAndSwap", "bare Set", 6}} {
		if more := count(test.name) - count(test.like); more > test.most {
			t.Errorf("%s allocates %v times more than a call without a library, %v are allowed", test.name, more, test.most)
		}
	}
	for name, test := range map[string]struct {
		body []byte
		most float64
	}{"an event": {[]byte(cannedSet), 3}, "10,000 nodes": {cannedTree(10_000), 2700}} {
		if allocs := testing.AllocsPerRun(10, func() { decodeFast(test.body) }); allocs > test.most {
			t.Errorf("decoding %s allocates %v times, %v are allowed", name, allocs, test.most)
		}
	}
}
