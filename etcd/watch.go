package etcd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/follow"
)

// Watch iterates over the changes of key from now on; with WithAfterIndex from a point in the past; with
// WithCurrent it first yields what is there. With WithRecursive the changes of everything below the key count
// too. The key need not exist.
//
//	for event, err := range client.Watch(ctx, "/nodes", etcd.WithRecursive()) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Action, event.Node.Key, event.Node.Value)
//	}
//
// Every event behind the starting point is delivered, in order and once. Failures of members and connections
// are ridden out, without end. The watch reads ahead of the loop, up to 16 MiB, so that a loop that is busy
// for a while misses nothing.
//
// It ends with one pair of nil and an error: the cause of ctx's end, ErrClosed, ErrInvalidArgument, or a
// *WatchError that says how far the watch came and why it cannot go on. The one to expect is
// ErrEventIndexCleared: the events to go on with are no longer in the history of 1,000 that the server keeps
// of all keys together. Then read what is there now and watch on from that response's Index; a Mirror does so
// by itself. ErrClusterRolledBack and ErrWrongCluster say that the cluster is no longer the one that was
// watched.
//
// An event's Index is where to go on behind it. A deletion or expiry of a directory is one event, even for a
// watch of something below: Node.Key is then shorter than the key watched. Refreshes are not seen, and hidden
// nodes are seen only by a watch of the hidden node itself.
func (c *Client) Watch(ctx context.Context, key string, opts ...WatchOption) iter.Seq2[*Response, error] {
	return func(yield func(*Response, error) bool) {
		w, err := newWatch(c, key, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		ahead := follow.NewReadahead(weight)
		go func() { ahead.End(w.run(ctx, ahead.Push)) }()
		defer ahead.Drain() // returns when nothing of the watch is left
		defer cancel()
		for {
			event, err := ahead.Pop(ctx)
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// weight is about how many bytes an event takes up.
func weight(event *Response) int {
	const plain = 512
	size := plain + len(event.Node.Key) + len(event.Node.Value)
	for _, node := range event.Node.Nodes {
		for below := range node.Walk() {
			size += plain + len(below.Key) + len(below.Value)
		}
	}
	if event.PrevNode != nil {
		size += len(event.PrevNode.Value)
	}
	return size
}

// WatchOnce returns the next change that Watch would.
func (c *Client) WatchOnce(ctx context.Context, key string, opts ...WatchOption) (*Response, error) {
	w, err := newWatch(c, key, opts)
	if err != nil {
		return nil, err
	}
	var event *Response
	err = w.run(ctx, func(e *Response) error {
		event = e
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return event, nil
	}
	return nil, err
}

// errEnough ends a watch whose user has what it wanted.
var errEnough = errors.New("enough")

// watch is what a watch is to do.
type watch struct {
	client    *Client
	key       string // with its leading slash, and without a trailing one
	asked     string // the key as it was given
	recursive bool
	current   bool   // to begin with what is there
	next      uint64 // the first index that is wanted; 0 as long as it is to begin from now
	cluster   string // ID of the cluster that is watched; empty until that is known

	// Told, if set, that all events up to index have been delivered, and that the watch waits on a member
	// that lives; the latter by any goroutine.
	progress func(index uint64)
	pulse    func()

	// A value from it, if set, requests progress soon.
	request <-chan struct{}
}

func newWatch(c *Client, key string, opts []WatchOption) (*watch, error) {
	clean, err := nodeKey(key)
	if err != nil {
		return nil, err
	}
	w := with(opts, WatchOption.applyWatch, &watch{client: c, key: clean, asked: key})
	if w.current && w.next != 0 {
		return nil, errs.Invalidf("watch %s: either WithCurrent or WithAfterIndex", w.key)
	}
	return w, nil
}

// run calls deliver with one event after the other, in whichever goroutine has found it, until it ends: with
// ctx's cause, ErrClosed, the error of deliver, or a *WatchError. Nothing of the watch is left when it
// returns.
func (w *watch) run(ctx context.Context, deliver func(*Response) error) error {
	life := w.client.cluster.Life()
	merged, cancel := contexts.Merge(ctx, life)
	defer cancel()
	defer w.client.cluster.KeepPulse()()

	err := w.start(merged, deliver)
	if err == nil {
		err = w.engine(deliver).Run(merged)
	}
	if life.Err() != nil && ctx.Err() == nil && errors.Is(err, ErrClosed) {
		return fmt.Errorf("etcd: watch %s: %w", w.key, ErrClosed)
	}
	return err
}

// engine returns what follows the events from next on.
func (w *watch) engine(deliver func(*Response) error) *follow.Watch {
	engine := &follow.Watch{
		Source:      &source{w.client, w.asked, w.recursive},
		Next:        w.next,
		Cluster:     w.cluster,
		PollTimeout: w.client.pollTimeout,
		Pulsed:      w.client.cluster.Pulsed(),
		Concerns:    w.concerns,
		AtOrAbove:   func(key string) bool { return key == w.key || below(w.key, key) },
		Deliver:     func(e follow.Event) error { return deliver((*Response)(e.(*event))) },
		Ended:       w.ended,
		Progress:    w.progress,
		Pulse:       w.pulse,
		Request:     w.request,
		Reopened:    func(after uint64, err error) { w.client.observe(WatchReopened{w.key, after, err}) },
	}
	if w.client.observer != nil {
		engine.Lag = func(after, lag uint64) { w.client.observe(WatchLag{w.key, after, lag}) }
	}
	return engine
}

// concerns reports whether an event on key belongs to the watch: servers from 2.3 on also send those of a
// deleted directory whose name the watched key merely begins with, and out of their history those of hidden
// nodes.
func (w *watch) concerns(key string) bool {
	switch {
	case key == w.key || below(w.key, key):
		return true
	case w.recursive && below(key, w.key):
		return !strings.Contains(strings.TrimPrefix(key, strings.TrimSuffix(w.key, "/")), "/_")
	}
	return false
}
