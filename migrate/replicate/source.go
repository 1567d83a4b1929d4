package replicate

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/sleep"
)

// readTree returns everything at and below the roots as it is now, sorted by dump.Compare. Each root is read at one index.
func readTree(ctx context.Context, client *etcd.Client, roots []string) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		var nodes []dump.Node
		for _, root := range roots {
			resp, err := insist(ctx, func() (*etcd.Response, error) {
				return client.Get(ctx, root, etcd.WithRecursive(), etcd.WithQuorum())
			})
			read := time.Now()
			switch {
			case errors.Is(err, etcd.ErrKeyNotFound):
				continue
			case err != nil:
				yield(dump.Node{}, err)
				return
			}
			for node := range resp.Node.Walk() {
				if node.Key != "/" {
					nodes = append(nodes, nodeOf(node, read))
				}
			}
		}
		slices.SortFunc(nodes, dump.Compare)
		for _, node := range nodes {
			if !yield(node, nil) {
				return
			}
		}
	}
}

// patience is how long something is tried again that fails for reasons that pass.
const patience = time.Minute

// insist calls do until it succeeds, fails for good, or has failed for a minute.
func insist[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for began := time.Now(); ; {
		result, err := do()
		if err == nil || refused(err) || final(ctx, err) || time.Since(began) > patience {
			return result, err
		}
		if err := sleep.For(ctx, pause); err != nil {
			return result, err
		}
	}
}

func newRun() string { return rand.Text() }

// source is what this package writes in the source for itself.
type source struct {
	client *etcd.Client
	dir    string
}

// open returns the ID of the source's cluster, and what the marker says. It makes the marker if it does not exist.
func (s source) open(ctx context.Context) (cluster, marker string, err error) {
	resp, err := insist(ctx, func() (*etcd.Response, error) {
		resp, err := s.client.Create(ctx, s.marker(), string(Open))
		if errors.Is(err, etcd.ErrNodeExist) {
			resp, err = s.client.Get(ctx, s.marker(), etcd.WithQuorum())
		}
		return resp, err
	})
	if err != nil {
		return "", "", err
	}
	return resp.ClusterID, resp.Node.Value, nil
}

func (s source) marker() string { return s.dir + "/marker" }

// mark writes the marker.
func (s source) mark(ctx context.Context, state State) error {
	_, err := insist(ctx, func() (*etcd.Response, error) { return s.client.Set(ctx, s.marker(), string(state)) })
	return err
}

// barrier writes a key and returns its index: whatever was written before has a lower one.
func (s source) barrier(ctx context.Context) (uint64, error) {
	resp, err := insist(ctx, func() (*etcd.Response, error) { return s.client.Set(ctx, s.dir+"/barrier", newRun()) })
	if err != nil {
		return 0, err
	}
	return resp.Index, nil
}
