package etcd

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// errUnknownAction says of an event that it cannot be applied, since nobody knows what it did.
var errUnknownAction = errs.New("event with an unknown action")

// live makes a tree of what was read, and gives the lock back that its maker holds for that; then it keeps
// the mirror current until something ends it: caller's end or Close, which both end ctx, among others.
func (m *Mirror) live(caller, ctx context.Context, read *Node) {
	defer close(m.done)
	defer m.end(nil) // lets go of the context that the mirror was made with
	m.tree = newMirrorTree(m.dir, read)
	m.mu.Unlock()
	for {
		err := m.follow(ctx)
		if lost(err) {
			err = m.resync(ctx, err)
		}
		var byContext *contexts.Ended
		if errors.As(err, &byContext) {
			err = cmp.Or(contexts.Why(caller, ctx), err)
		}
		if err != nil {
			m.ended(err)
			return
		}
	}
}

// read returns what the server holds, and its index, and notes which cluster it is of. Nothing is an answer
// like another.
func (m *Mirror) read(ctx context.Context, opts ...GetOption) (*Node, uint64, error) {
	var node *Node
	var index uint64
	var cluster string
	m.marks = landmarks{}
	resp, err := m.client.getToFollow(ctx, m.asked, append(opts, WithRecursive())...)
	var reply *Error
	switch {
	case err == nil:
		node, index, cluster = resp.Node, resp.Index, resp.ClusterID
		m.marks.read(resp)
	case absent(err) && errors.As(err, &reply):
		index, cluster = reply.Index, reply.cluster
	default:
		return nil, 0, err
	}
	if index == 0 { // a watch from there on would miss what no history holds
		return nil, 0, failed("mirror", m.dir, errNoIndex)
	}
	m.cluster = cluster
	return node, index, nil
}

// follow applies what a watch brings until it ends, and returns why it did.
func (m *Mirror) follow(ctx context.Context) error {
	w, err := newWatch(m.client, m.asked, []WatchOption{WithRecursive(), WithAfterIndex(m.Index())})
	if err != nil {
		return err
	}
	w.marks.latest.Store(m.marks.latest.Load())
	w.served.Store(true)
	w.cluster = m.cluster // or events of another one could be put on top of what was read
	w.progress, w.pulse, w.request = m.reached, func() { m.aliveAt(time.Now()) }, m.request
	return w.run(ctx, m.apply)
}

// lost reports whether a watch's end means that the directory must be read again.
func lost(err error) bool {
	return errors.Is(err, ErrEventIndexCleared) || errors.Is(err, ErrClusterRolledBack) ||
		errors.Is(err, ErrWrongCluster) || errors.Is(err, errUnknownAction)
}

// resync reads the directory again, because of why, until that succeeds or is refused. The pause before it
// grows as long as no event comes in between, too: then reading is slower than the history is overrun.
func (m *Mirror) resync(ctx context.Context, why error) error {
	var refused refusals
	for {
		if err := m.pause.Wait(ctx, m.client.cluster.Life()); err != nil {
			return err
		}
		asked := time.Now()
		var node *Node
		var index uint64
		err := m.client.insist(ctx, &refused, func() (err error) {
			node, index, err = m.read(ctx, WithQuorum())
			return err
		})
		switch {
		case ctx.Err() != nil:
			return contexts.Err(ctx)
		case err == nil:
			m.replace(newMirrorTree(m.dir, node), index, why)
			m.aliveAt(asked)
			return nil
		case !Retryable(err) && !errors.Is(err, ErrNotSupported): // a gateway's page; the API was there before
			return err
		}
	}
}

// apply makes an event part of the mirror, and tells of it.
func (m *Mirror) apply(event *Response) error {
	m.pause.Reset()
	m.mu.Lock()
	defer m.mu.Unlock()
	changes, err := m.tree.apply(event)
	if err != nil {
		return err
	}
	m.version++
	m.index = max(m.index, event.Index) // an event can come late, behind the watch's progress
	for feed := range m.feeds {
		feed.add(changes, event.Index)
	}
	m.wake()
	return nil
}

// replace makes next, read because of why, the mirror's content, and tells of what differs.
func (m *Mirror) replace(next *mirrorTree, index uint64, why error) {
	changes := m.tree.diff(next) // without the lock: nobody else changes the tree
	m.mu.Lock()
	from := m.index
	if index < from {
		m.epoch++
	}
	m.tree, m.index = next, index
	m.version++
	for feed := range m.feeds {
		feed.resynced(changes, index, why)
	}
	m.wake()
	m.mu.Unlock()
	m.client.Observe(MirrorResynced{Dir: m.dir, From: from, To: index, Changes: len(changes), Err: why})
}

// reached notes that there are no more events up to index.
func (m *Mirror) reached(index uint64) {
	m.pause.Reset()
	m.mu.Lock()
	defer m.mu.Unlock()
	if index > m.index {
		m.index = index
		m.wake()
	}
}

// ended notes why the mirror has ended.
func (m *Mirror) ended(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
	m.wake()
}

// wake makes all that wait look again. The caller holds the lock.
func (m *Mirror) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// aliveAt notes that the mirror was current at that time.
func (m *Mirror) aliveAt(when time.Time) { m.alive.Store(int64(when.Sub(m.started))) }
