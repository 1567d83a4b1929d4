package bench

import (
	"context"
	"net/http"
	"testing"

	goetcd "github.com/coreos/go-etcd/etcd"
	clientv2 "go.etcd.io/etcd/client/v2"
)

// newOfficial returns the official client, with its default transport if transport is nil.
func newOfficial(tb testing.TB, name, endpoint string, transport *http.Transport) client {
	keys := newKeysAPI(tb, transport, endpoint)
	return client{
		name: name,
		get: func(ctx context.Context, key string, quorum bool) (int, error) {
			var options *clientv2.GetOptions
			if quorum {
				options = &clientv2.GetOptions{Quorum: true}
			}
			resp, err := keys.Get(ctx, key, options)
			if err != nil {
				return 0, err
			}
			return len(resp.Node.Value), nil
		},
		set: func(ctx context.Context, key, value string) (uint64, error) {
			return officialIndex(keys.Set(ctx, key, value, nil))
		},
		swap: func(ctx context.Context, key, value string, prev uint64) (uint64, error) {
			return officialIndex(keys.Set(ctx, key, value, &clientv2.SetOptions{PrevIndex: prev}))
		},
		list: func(ctx context.Context, dir string) error {
			_, err := keys.Get(ctx, dir, &clientv2.GetOptions{Recursive: true})
			return err
		},
	}
}

func newKeysAPI(tb testing.TB, transport *http.Transport, endpoints ...string) clientv2.KeysAPI {
	config := clientv2.Config{Endpoints: endpoints}
	if transport != nil {
		config.Transport = transport
	}
	c, err := clientv2.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(clientv2.DefaultTransport.(interface{ CloseIdleConnections() }).CloseIdleConnections)
	return clientv2.NewKeysAPI(c)
}

func officialIndex(resp *clientv2.Response, err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	return resp.Node.ModifiedIndex, nil
}

// newGoEtcd returns the client before the official one, which knows no contexts.
func newGoEtcd(tb testing.TB, endpoint string) client {
	weak, strong := goetcd.NewClient([]string{endpoint}), goetcd.NewClient([]string{endpoint})
	if err := strong.SetConsistency(goetcd.STRONG_CONSISTENCY); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(weak.Close)
	tb.Cleanup(strong.Close)
	return client{
		name: goEtcd,
		get: func(_ context.Context, key string, quorum bool) (int, error) {
			c := weak
			if quorum {
				c = strong
			}
			resp, err := c.Get(key, false, false)
			if err != nil {
				return 0, err
			}
			return len(resp.Node.Value), nil
		},
		set: func(_ context.Context, key, value string) (uint64, error) {
			return goEtcdIndex(weak.Set(key, value, 0))
		},
		swap: func(_ context.Context, key, value string, prev uint64) (uint64, error) {
			return goEtcdIndex(weak.CompareAndSwap(key, value, 0, "", prev))
		},
		list: func(_ context.Context, dir string) error {
			_, err := weak.Get(dir, false, true)
			return err
		},
	}
}

func goEtcdIndex(resp *goetcd.Response, err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	return resp.Node.ModifiedIndex, nil
}
