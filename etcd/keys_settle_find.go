package etcd

import (
	"context"
	"errors"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/follow"
)

// point is a moment in the history of a cluster. All that happens after it has a greater index, in this
// history only: another cluster has its own indexes, and one that was restored from a backup uses them again.
type point struct {
	index   uint64
	cluster string // ID of the cluster; empty before etcd 2.0
	term    uint64 // of the log; 0 if it is not known. In one history it only grows
}

// comesAfter reports whether p belongs to the history of earlier, as far as that can be told, and does not
// come before it.
func (p point) comesAfter(earlier point) bool {
	return p.cluster == earlier.cluster && p.index >= earlier.index && (p.term == 0 || p.term >= earlier.term)
}

// pointIn returns the point that a response shows.
func pointIn(resp *Response) point { return point{resp.Index, resp.ClusterID, resp.RaftTerm} }

// pointNow returns a point that comes before every write sent later. The copy of a member that is behind will
// do, because its point is only earlier. The highest index that the cluster has ever shown will not: the
// cluster may be behind it after a restore.
func (c *Client) pointNow(ctx context.Context, key string) (point, error) {
	wire, err := wireKey(key)
	if err != nil {
		return point{}, err
	}
	call := newHeaderCall(gen.NewHeadKeyRequest(wire, nil), toRead, asked{key: wire})
	if err = c.do(ctx, &call.Call); err == nil && call.index != 0 {
		return point{call.index, cluster.IDOf(call.reply), cluster.HeaderNumber(call.reply, "X-Raft-Term")}, nil
	}
	if now, ok := pointOf(err); ok || Retryable(err) || errors.Is(err, ErrUnauthorized) {
		return now, unlessAbsent(err)
	}
	// Etcd 0.4 gives a HEAD no index, and a gateway may let none through.
	resp, err := c.Get(ctx, key)
	if err == nil {
		return pointIn(resp), nil
	}
	now, _ := pointOf(err)
	return now, unlessAbsent(err)
}

// pointOf returns the point that the refusal of a read reports if the key does not exist.
func pointOf(err error) (now point, ok bool) {
	var reply *Error
	if !absent(err) || !errors.As(err, &reply) {
		return point{}, false
	}
	return point{reply.Index, reply.cluster, reply.term}, true
}

func unlessAbsent(err error) error {
	if absent(err) {
		return nil
	}
	return err
}

// find looks for the write's value: at its key, and in what has happened there since the write was sent.
// certain means that it would have been found if it had ever been there.
func (s *settlement) find(ctx context.Context) (found *Response, certain bool, err error) {
	read, err := s.client.Get(ctx, s.key, WithQuorum())
	if now, ok := pointOf(err); ok {
		return s.lookBack(ctx, now, now.index)
	}
	if err != nil {
		return nil, false, err
	}
	for node := range read.Node.Walk() {
		if s.ours(node) {
			read.Node, read.Action, read.Index = node, s.write.action(), node.ModifiedIndex
			return read, true, nil
		}
	}
	now := pointIn(read)
	if now.cluster == "" { // etcd 0.x answers a quorum read with the index of the node, not of the store
		if now.index, err = s.client.present(ctx, s.key); err != nil {
			return nil, false, err
		}
	}
	return s.lookBack(ctx, now, s.lastChance(read.Node, now))
}

func (s *settlement) ours(node *Node) bool { return !node.Dir && node.Value == *s.write.value }

// lastChance returns the index up to which the write can have been applied, if node is at its key now.
func (s *settlement) lastChance(node *Node, now point) uint64 {
	switch {
	case s.write.inOrder():
		return now.index
	case node.Dir:
		return node.CreatedIndex // nothing that happens in it changes that
	}
	return node.ModifiedIndex
}

// lookBack searches the history up to until. now is the point of the read that found nothing.
func (s *settlement) lookBack(ctx context.Context, now point, until uint64) (found *Response, certain bool, err error) {
	if s.after.index == 0 || !now.comesAfter(s.after) {
		return nil, false, nil
	}
	certain = true
	if until > s.after.index {
		found, certain, err = s.search(ctx, until)
	}
	return found, certain && !s.client.cluster.Mixed(), err
}

// search looks at the events since the write was sent. complete means that the server has shown all of them
// up to until: by a later one, or by finding none when it searched its history. errUnsettled means that another
// search may show more. It has twice the time.
func (s *settlement) search(ctx context.Context, until uint64) (found *Response, complete bool, err error) {
	opts := []WatchOption{WithAfterIndex(s.after.index)}
	if s.write.inOrder() {
		opts = append(opts, WithRecursive())
	}
	w, err := newWatch(s.client, s.key, opts)
	if err != nil {
		return nil, false, nil
	}
	s.patience = min(max(2*s.patience, historyTime), mostHistoryTime)
	limited, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	w.cluster = s.after.cluster
	request := make(chan struct{}, 1)
	follow.Signal(request)
	w.request = request
	w.progress = func(index uint64) {
		if index >= until {
			complete = true
			cancel()
		}
	}
	// Whatever else ends the watch leaves both results as they are.
	_ = w.run(limited, func(event *Response) error {
		if !s.ours(event.Node) {
			return nil
		}
		found = event
		return errEnough
	})
	if found == nil && !complete && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return nil, false, errUnsettled
	}
	return found, complete, nil
}
