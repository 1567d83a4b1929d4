package etcd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/feed"
	"github.com/etcdv2/client/internal/follow"
	"github.com/etcdv2/client/internal/foreign"
)

// Watch iterates over the changes of key from now on. WithAfterIndex starts it at a point in the past;
// WithCurrent makes it yield the present content first. WithRecursive includes everything below the key. The
// key need not exist.
//
//	for event, err := range client.Watch(ctx, "/nodes", etcd.WithRecursive()) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Action, event.Node.Key, event.Node.Value)
//	}
//
// Watch delivers every event after the starting point, in order and once. It retries after failures of
// members and connections, without limit, and after refusals as SetCredentials says. It reads up to 16 MiB
// ahead of the loop, so that a loop that is busy for a while misses nothing.
//
// A watch ends with one pair of nil and an error: ctx.Err(), ErrClosed, ErrInvalidArgument, or a *WatchError
// that says how far the watch came and why it cannot continue. The reason to expect is
// ErrEventIndexCleared: the next events are no longer in the history of 1,000 events that the server keeps
// for all keys together. Then read the key and watch from that response's Index; a Mirror does so by itself.
// ErrClusterRolledBack and ErrWrongCluster mean that the cluster is no longer the one that was watched.
//
// A watch of keys on which nothing happens outlives that history, because a member that is asked to end a
// request first sends what it has for it. That cannot be asked through a proxy that breaks off a connection
// whose client has closed its half, over HTTP/2, or with a Config.HTTPClient, whose connections others may use.
// There, such a watch ends with ErrEventIndexCleared, too, if the server writes more than about 400 events a
// second.
//
// To resume after an event, pass its Index to WithAfterIndex. The deletion or expiry of a directory is one
// event, even for a watch of a key below it: Node.Key is then shorter than the watched key. A watch does not
// see refreshes, and sees hidden nodes only if it watches the hidden node itself.
func (c *Client) Watch(ctx context.Context, key string, opts ...WatchOption) iter.Seq2[*Response, error] {
	return func(yield func(*Response, error) bool) {
		w, err := newWatch(c, key, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		w.ahead = true
		err = w.run(ctx, func(event *Response) error {
			if !yield(event, nil) {
				return errEnough
			}
			return nil
		})
		if !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// weight returns the approximate size of an event in bytes.
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

// WatchOnce returns the first event that Watch would yield.
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
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("etcd: watch %s: %w", foreign.Line(w.key, mostPathShown), err)
	}
	return nil, err
}

// errEnough ends a watch whose caller has received what it wanted.
var errEnough = errs.New("enough")

// watch holds the parameters and the starting point of a watch.
type watch struct {
	client    *Client
	key       string // with its leading slash, and without a trailing one
	asked     string // the key as it was given
	recursive bool
	current   bool   // begins with the present content
	after     bool   // WithAfterIndex was given
	next      uint64 // the first index that is wanted; 0 until it is known
	cluster   string // ID of the watched cluster; empty until it is known
	served    bool   // a member has served what the watch belongs to; false for a watch of its own
	marks     landmarks
	unsure    bool  // it has been interrupted: the history may be another one
	ahead     bool  // it reads ahead of its consumer
	err       error // what is wrong with the options

	// progress, if set, is called when all events up to index have been delivered. pulse, if set, is called
	// by any goroutine for each sign of life of the member that the watch waits on, opened when a request
	// waits at a member, and reopened before a request is made again.
	progress                func(index uint64)
	pulse, opened, reopened func()

	request chan struct{} // a value requests progress soon; nil until one may come
	feed    *feed.Feed    // the feed whose watch this is, or nil
}

func newWatch(c *Client, key string, opts []WatchOption) (*watch, error) {
	clean, err := nodeKey(key)
	if err != nil {
		return nil, err
	}
	w := with(opts, WatchOption.applyWatch, &watch{client: c, key: clean, asked: key})
	if w.err != nil {
		return nil, w.err
	}
	if w.current && (w.after || w.next != 0) {
		return nil, errs.Invalidf("watch %s: either WithCurrent or WithAfterIndex", w.key)
	}
	return w, nil
}

// run calls deliver with one event after another until the watch ends: in this goroutine if the watch reads
// ahead, and else in whichever has received the event. It returns contexts.Err(ctx), ErrClosed, the error of deliver, or a *WatchError. All goroutines of the
// watch have ended when it returns.
func (w *watch) run(ctx context.Context, deliver func(*Response) error) error {
	life := w.client.cluster.Life()
	merged, cancel := contexts.Merge(ctx, life)
	defer cancel()
	defer w.client.cluster.KeepPulse()()

	err := w.start(merged, deliver)
	if err == nil {
		err = w.follow(merged, deliver)
	}
	var byContext *contexts.Ended
	if !errors.As(err, &byContext) && !errors.Is(err, ErrClosed) {
		return err
	}
	if ended := contexts.Err(ctx); ended != nil {
		return ended
	}
	return fmt.Errorf("etcd: watch %s: %w", w.key, ErrClosed)
}

// engine returns the follow.Watch for the events from next on.
func (w *watch) engine(deliver func(*Response) error) *follow.Watch {
	from := &source{client: w.client, key: w.asked, recursive: w.recursive, marks: &w.marks, opened: w.opened}
	from.served.Store(w.served)
	engine := &follow.Watch{
		Source:      &insistent{source: from},
		Next:        w.next,
		Cluster:     w.cluster,
		PollTimeout: w.client.pollTimeout,
		Pulsed:      w.client.cluster.Pulsed(),
		Interrupted: w.unsure,
		Concerns:    w.concerns,
		AtOrAbove:   func(key string) bool { return key == w.key || below(w.key, key) },
		Deliver: func(e follow.Event) error {
			response := (*Response)(e.(*event))
			w.marks.saw(response)
			w.next = response.Index + 1
			return deliver(response)
		},
		Ended:    w.ended,
		Progress: w.progress,
		Pulse:    w.pulse,
		Request:  w.request,
		Reopened: func(after uint64, err error) {
			if w.reopened != nil {
				w.reopened()
			}
			w.client.Observe(WatchReopened{w.key, after, err})
		},
	}
	if w.client.observer != nil {
		engine.Lag = func(after, lag uint64) { w.client.Observe(WatchLag{w.key, after, lag}) }
	}
	return engine
}

// concerns reports whether an event on key belongs to the watch. Servers from 2.3 on also send events of a
// deleted directory whose name is merely a prefix of the watched key, and, from their history, events of
// hidden nodes.
func (w *watch) concerns(key string) bool {
	switch {
	case key == w.key || below(w.key, key):
		return true
	case w.recursive && below(key, w.key):
		return !strings.Contains(strings.TrimPrefix(key, strings.TrimSuffix(w.key, "/")), "/_")
	}
	return false
}
