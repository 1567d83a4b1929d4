package v3tree

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/sleep"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A Reader reads what a Mapping has made of a tree.
type Reader struct {
	Client  *clientv3.Client
	Mapping Mapping

	// Except is the beginning of keys that are not part of the tree, such as checkpoints. Empty means none.
	Except string

	// Page is how many keys a request asks for. Zero means 1000.
	Page int64

	// Leases says that the TTLs of keys with a lease are read, at a request a lease. Without it such a key has a TTL of one
	// second.
	Leases bool
}

// Nodes returns the keys as the nodes of v2 that the mapping makes them of, in the order of dump.Compare, all of one revision. A
// key that ends in a slash is a marker: its Dir is true. A key that the mapping does not make comes as if its rule made it.
// Created and Modified are v3's revisions. Expires is by this machine's clock.
func (r Reader) Nodes(ctx context.Context) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		reading := &reading{Reader: r, ctx: ctx, ends: map[int64]time.Time{}}
		resp, err := reading.page("\x00", clientv3.WithCountOnly())
		if err != nil {
			yield(dump.Node{}, fmt.Errorf("v3tree: read the revision: %w", err))
			return
		}
		reading.revision = resp.Header.Revision
		reading.merge(yield)
	}
}

// reading is one pass of a Reader.
type reading struct {
	Reader
	ctx      context.Context
	revision int64
	ends     map[int64]time.Time // of leases
}

// A cursor stands before the next key of one rule.
type cursor struct {
	next func() (dump.Node, error, bool)
	node dump.Node
}

// merge yields the keys of all rules in the order of their v2 keys.
func (r *reading) merge(yield func(dump.Node, error) bool) {
	var cursors []*cursor
	advance := func(c *cursor) (bool, error) {
		node, err, ok := c.next()
		c.node = node
		return ok, err
	}
	for _, rule := range r.Mapping {
		for _, nodes := range []iter.Seq2[dump.Node, error]{r.file(rule), r.below(rule)} {
			next, stop := iter.Pull2(nodes)
			defer stop()
			c := &cursor{next: next}
			switch ok, err := advance(c); {
			case err != nil:
				yield(dump.Node{}, err)
				return
			case ok:
				cursors = append(cursors, c)
			}
		}
	}
	for len(cursors) > 0 {
		c := slices.MinFunc(cursors, func(a, b *cursor) int { return dump.Compare(a.node, b.node) })
		if !yield(c.node, nil) {
			return
		}
		switch ok, err := advance(c); {
		case err != nil:
			yield(dump.Node{}, err)
			return
		case !ok:
			cursors = slices.DeleteFunc(cursors, func(other *cursor) bool { return other == c })
		}
	}
}

// file yields the key that From has become, if it is a file.
func (r *reading) file(rule Rule) iter.Seq2[dump.Node, error] {
	key := rule.stem()
	if key == "" || rule.From == "/" {
		return func(func(dump.Node, error) bool) {}
	}
	return r.keys(span{start: key, end: key + "\x00"}, func(string) string { return rule.From })
}

// below yields the keys that begin with To.
func (r *reading) below(rule Rule) iter.Seq2[dump.Node, error] {
	return r.keys(prefix(rule.To), rule.back)
}

// keys yields what is in a span, a page at a time.
func (r *reading) keys(s span, back func(string) string) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		page := r.Page
		if page == 0 {
			page = 1000
		}
		from, end := s.start, s.end
		if from == "" {
			from = "\x00"
		}
		if end == "" {
			end = "\x00" // to the last key
		}
		for {
			resp, err := r.page(from, clientv3.WithRange(end), clientv3.WithLimit(page), clientv3.WithRev(r.revision))
			if err != nil {
				yield(dump.Node{}, fmt.Errorf("v3tree: read the keys from %q at revision %d: %w", from, r.revision, err))
				return
			}
			for _, kv := range resp.Kvs {
				if r.Except != "" && strings.HasPrefix(string(kv.Key), r.Except) {
					continue
				}
				node, err := r.node(kv, back)
				if err != nil {
					yield(dump.Node{}, err)
					return
				}
				if !yield(node, nil) {
					return
				}
			}
			if !resp.More {
				return
			}
			from = string(resp.Kvs[len(resp.Kvs)-1].Key) + "\x00"
		}
	}
}

// page reads once, and again if a member could not answer.
func (r *reading) page(from string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	for {
		ctx, cancel := context.WithTimeout(r.ctx, txnTime)
		resp, err := r.Client.Get(ctx, from, opts...)
		cancel()
		if err == nil || r.ctx.Err() != nil || !retryable(err) {
			return resp, err
		}
		if err := sleep.For(r.ctx, txnPause); err != nil {
			return nil, err
		}
	}
}

func (r *reading) node(kv *mvccpb.KeyValue, back func(string) string) (dump.Node, error) {
	node := dump.Node{
		Key: back(string(kv.Key)), Value: string(kv.Value), Dir: strings.HasSuffix(string(kv.Key), "/"),
		Created: uint64(kv.CreateRevision), Modified: uint64(kv.ModRevision),
	}
	if kv.Lease == 0 {
		return node, nil
	}
	end, ok := r.ends[kv.Lease]
	if !ok {
		ttl := int64(1)
		if r.Leases {
			resp, err := r.Client.TimeToLive(r.ctx, clientv3.LeaseID(kv.Lease))
			if err != nil {
				return dump.Node{}, fmt.Errorf("v3tree: read the TTL of lease %x: %w", kv.Lease, err)
			}
			ttl = max(resp.TTL, 1) // a lease that has ended still has its keys for a moment
		}
		end = time.Now().Add(time.Duration(ttl) * time.Second)
		r.ends[kv.Lease] = end
	}
	node.TTL, node.Expires = max(left(end, time.Now()), 1), end
	return node, nil
}
