package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// client is one of those that are compared. What one cannot do is nil.
type client struct {
	name string
	get  func(ctx context.Context, key string, quorum bool) (length int, err error)
	set  func(ctx context.Context, key, value string) (index uint64, err error)
	swap func(ctx context.Context, key, value string, prev uint64) (index uint64, err error)
	list func(ctx context.Context, dir string) (err error)
}

// The names of the clients.
const (
	ours     = "this library"
	floor    = "net/http"
	reading  = "net/http, not decoded"
	limit    = "bare TCP"
	official = "client/v2"
	tuned    = "client/v2, tuned"
	goEtcd   = "go-etcd"
)

// newClients returns all clients, in the order in which tables show them.
func newClients(tb testing.TB, endpoint string) []client {
	plain := &plainHTTP{endpoint: endpoint, client: &http.Client{Transport: wideTransport(tb)}}
	return []client{
		newOurs(live.Client(tb, endpoint)),
		plain.decoding(),
		plain.reading(),
		newBareTCP(tb, endpoint),
		newOfficial(tb, official, endpoint, nil),
		newOfficial(tb, tuned, endpoint, wideTransport(tb)),
		newGoEtcd(tb, endpoint),
	}
}

// wideTransport returns a transport that keeps as many connections as are used.
func wideTransport(tb testing.TB) *http.Transport {
	transport := &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}
	tb.Cleanup(transport.CloseIdleConnections)
	return transport
}

func newOurs(c *etcd.Client) client {
	return client{
		name: ours,
		get: func(ctx context.Context, key string, quorum bool) (int, error) {
			var options []etcd.GetOption
			if quorum {
				options = append(options, etcd.WithQuorum())
			}
			resp, err := c.Get(ctx, key, options...)
			if err != nil {
				return 0, err
			}
			return len(resp.Node.Value), nil
		},
		set: func(ctx context.Context, key, value string) (uint64, error) { return indexOf(c.Set(ctx, key, value)) },
		swap: func(ctx context.Context, key, value string, prev uint64) (uint64, error) {
			return indexOf(c.CompareAndSwap(ctx, key, value, etcd.Prev{Index: prev}))
		},
		list: func(ctx context.Context, dir string) error {
			_, err := c.Get(ctx, dir, etcd.WithRecursive())
			return err
		},
	}
}

func indexOf(resp *etcd.Response, err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	return resp.Node.ModifiedIndex, nil
}

// plainHTTP is what a program does that has net/http and encoding/json and no library.
type plainHTTP struct {
	endpoint string
	client   *http.Client
}

// event is the JSON of a reply, as a careful program would declare it.
type event struct {
	Action   string `json:"action"`
	Node     *node  `json:"node"`
	PrevNode *node  `json:"prevNode"`
}

type node struct {
	Key           string     `json:"key"`
	Value         string     `json:"value"`
	Dir           bool       `json:"dir"`
	Expiration    *time.Time `json:"expiration"`
	TTL           int64      `json:"ttl"`
	Nodes         []*node    `json:"nodes"`
	ModifiedIndex uint64     `json:"modifiedIndex"`
	CreatedIndex  uint64     `json:"createdIndex"`
}

func (p *plainHTTP) decoding() client {
	return client{
		name: floor,
		get: func(ctx context.Context, key string, quorum bool) (int, error) {
			e, err := decoded(p.do(ctx, http.MethodGet, key+question(quorum, "quorum"), nil))
			if err != nil {
				return 0, err
			}
			return len(e.Node.Value), nil
		},
		set: func(ctx context.Context, key, value string) (uint64, error) {
			return p.put(ctx, key, url.Values{"value": {value}})
		},
		swap: func(ctx context.Context, key, value string, prev uint64) (uint64, error) {
			return p.put(ctx, key+"?prevIndex="+strconv.FormatUint(prev, 10), url.Values{"value": {value}})
		},
		list: func(ctx context.Context, dir string) error {
			_, err := decoded(p.do(ctx, http.MethodGet, dir+"?recursive=true", nil))
			return err
		},
	}
}

// reading reads whole replies and does not look at them.
func (p *plainHTTP) reading() client {
	return client{name: reading, list: func(ctx context.Context, dir string) error {
		_, err := p.do(ctx, http.MethodGet, dir+"?recursive=true", nil)
		return err
	}}
}

func question(asked bool, name string) string {
	if asked {
		return "?" + name + "=true"
	}
	return ""
}

func (p *plainHTTP) put(ctx context.Context, key string, form url.Values) (uint64, error) {
	e, err := decoded(p.do(ctx, http.MethodPut, key, form))
	if err != nil {
		return 0, err
	}
	return e.Node.ModifiedIndex, nil
}

func decoded(body []byte, err error) (*event, error) {
	e := new(event)
	if err == nil {
		err = json.Unmarshal(body, e)
	}
	return e, err
}

func (p *plainHTTP) do(ctx context.Context, method, target string, form url.Values) ([]byte, error) {
	var content io.Reader
	if form != nil {
		content = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, p.endpoint+"/v2/keys"+target, content)
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s", method, target, resp.Status)
	}
	return body, err
}
