package etcd

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/feed"
	"github.com/etcdv2/client/internal/follow"
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
// members and connections, without limit, and after refusals as SetCredentials says.
//
// To resume after an event, pass its Index to WithAfterIndex. The deletion or expiry of a directory is one
// event, even for a watch of a key below it: Node.Key is then shorter than the watched key. A watch does not
// see refreshes, and sees hidden nodes only if it watches the hidden node itself.
//
// # How a watch ends
//
// A watch ends with one pair of nil and an error: ctx.Err(), ErrClosed, ErrInvalidArgument, or a *WatchError
// that says how far the watch came and why it cannot continue. ErrClusterRolledBack and ErrWrongCluster mean
// that the cluster is not the one that was watched: it was restored from a backup, or is another one.
//
// The reason to expect is ErrEventIndexCleared: the next events are no longer in the history of 1,000 events
// that the server keeps for all keys together. A watch reads up to 16 MiB ahead of its loop, so that a loop that
// is busy for a while misses nothing; a loop that is slower for longer than that ends so. Then watch again,
// WithCurrent; or read the key and watch from that response's Index or, if the key does not exist, from the Index
// of the *Error. A Mirror does so by itself.
//
// Changes of other keys alone do not end a watch. A watch of keys on which nothing happens outlives the history,
// because a member that is asked to end a request first sends what it has for it. That cannot be asked through a
// proxy that breaks off a connection whose client has closed its half, over HTTP/2, or with a Config.HTTPClient,
// whose connections others may use. There, such a watch ends with ErrEventIndexCleared, too, if the server writes
// more than about 400 events a second.
//
// # How a watch follows
//
//   - A watch follows as fast as the server can write. A quiet watch is one long poll, or two if it is recursive
//     on etcd 2.3.0 to 3.0.17, which hide events of the watched key itself from one. A watch that is behind has
//     up to 64 polls open and, at high rates, a stream, with a poll that proves that the stream is alive.
//   - Config.PulseInterval says how a watch leaves a member that hangs, and what that costs. When a fault of all
//     members is over, delivery resumes within 2 s.
//   - A member that catches up by a snapshot hides events from polls that are open on it. The client notices it
//     because the member's index leaps, or because the member was cut off. The watch then asks again. It
//     continues if the history still has the next events, and ends with ErrEventIndexCleared otherwise.
//   - A snapshot may hide few changes, if most entries of etcd's log were quorum reads, refused writes, or writes with
//     etcd 3's own API. The index then does not leap. The watch finds in the history what was hidden, after the next
//     event, and ends with ErrEventIndexCleared. It may have delivered that event, behind WatchError.After, by then.
//   - TCP detects a connection that was lost silently, for example because a firewall forgot it, within 20 s,
//     unless a proxy ends the TCP connection in between.
//   - If more than Config.WatchPolls watches, mirrors and locks of a client wait at or below one directory, they
//     share the polls of one recursive watch of it. Each of them still gets every event after its starting
//     point, in order and once, and each reads ahead by itself: a loop that is slow does not delay the others.
//     The observer is then told of the directory, and not of their keys. If the server does not let the client
//     watch the directory, each watch has its own polls. If it refuses the directory later, they notice that
//     within a minute, as SetCredentials says, and miss nothing.
//   - Every poll is made again after Config.PollTimeout at the latest, and before 500 changes have passed if the
//     server writes no faster than 500 a second. This proves from the history that nothing was missed.
//
// # What a watch cannot see
//
//   - Behind a proxy that hides members from the client (a load balancer, nginx, the 2.x proxy), a watch does not
//     see that a member's index leaps. What the member hid shows only when a poll is made again. A watch does
//     not see leaps, either, if guests may not read the root.
//   - If a snapshot hides few changes, and the history of 1,000 events has moved on when the watch could search it,
//     the watch does not see them. Neither does a watch that follows a stream.
//   - On etcd up to 2.2, a watch of a key that looks back in the history does not see the deletion of a directory
//     above it.
//   - If a cluster was restored and has since passed the index that was delivered, its ID and its index look as
//     before. The watch may then miss events.
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
		err = failed("watch", w.key, err)
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
	least     uint64 // the first index at which an event would be new, if silence has moved next; 0 if not
	cluster   string // ID of the watched cluster; empty until it is known
	marks     landmarks
	served    atomic.Bool // a member has served it, or what it belongs to
	unsure    bool        // it has been interrupted: the history may be another one
	followed  time.Time   // when its history was last known
	ahead     bool        // it reads ahead of its consumer
	err       error       // what is wrong with the options

	// progress, if set, is called when all events up to index have been delivered. pulse, if set, is called
	// by any goroutine for each sign of life of the member that the watch waits on, opened when a request
	// waits at a member, and reopened before a request is made again that may have missed something: not before
	// one that this process could not send.
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
		return nil, errs.Invalidf("watch %s: both WithCurrent and a starting index", w.key)
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
	return failed("watch", w.key, ErrClosed)
}

// engine returns the follow.Watch for the events from next on. Opened is called when a request waits at a member.
func (w *watch) engine(deliver func(*Response) error, opened func()) *follow.Watch {
	from := &source{client: w.client, key: w.asked, recursive: w.recursive, marks: &w.marks, served: &w.served, opened: opened}
	if w.feed != nil {
		from.others = w.feed.Known
	}
	engine := &follow.Watch{
		Source:      &insistent{source: from},
		Next:        w.next,
		Cluster:     w.cluster,
		PollTimeout: w.client.pollTimeout,
		Pulsed:      w.client.cluster.Pulsed(),
		Interrupted: w.unsure,
		Term:        w.marks.term(),
		Streams:     w.feed != nil,
		Ahead:       w.client.ahead,
		Concerns:    w.concerns,
		AtOrAbove:   func(key string) bool { return key == w.key || below(w.key, key) },
		Above:       func(key string) bool { return below(w.key, key) },
		Deliver: func(e follow.Event) error {
			response := (*Response)(e.(*event))
			w.marks.saw(response)
			w.next = response.Index + 1
			return deliver(response)
		},
		Passed: func(e follow.Event) {
			if below(e.Key(), w.key) { // a hidden one; another one the user may not be allowed to read
				w.marks.saw((*Response)(e.(*event)))
			}
		},
		Ended:    w.ended,
		Progress: w.progress,
		Pulse:    w.pulse,
		Request:  w.request,
		Reopened: func(after uint64, err error) {
			if w.reopened != nil && from.Kind(err) != follow.Unsent {
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
