package etcd

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/feed"
	"github.com/etcdv2/client/internal/follow"
)

// defaultWatchPolls is from how many polls on watches share them; see the package feed for the reason.
const defaultWatchPolls = 16

// mostStarts is how many watches of a client ask at once where they begin.
const mostStarts = 4

// newHub returns the hub of the client. Indexes of different clusters cannot be compared, so a client that may
// follow several shares nothing.
func newHub(config Config, seen func() uint64) *feed.Hub {
	hub := &feed.Hub{Limit: config.WatchPolls, Seen: seen}
	if config.ClusterID == AnyCluster {
		hub.Limit = -1
	}
	return hub
}

// errJoinAgain ends one way in which a watch is served, so that it finds another one.
var errJoinAgain = errs.New("the watch goes on in another way")

// follow delivers the events from next on, by polls of its own or by a feed, whichever the hub says. A loop that takes
// long keeps its watch from going on: nobody sees what happens to the cluster meanwhile.
func (w *watch) follow(ctx context.Context, deliver func(*Response) error) error {
	for {
		var err error
		w.unsure = w.unsure || time.Since(w.followed) >= follow.AnewTime
		if subscription, poller := w.client.hub.Join(w.joining(), w.openFeed); subscription != nil {
			err = w.subscribed(ctx, subscription, deliver)
		} else {
			err = w.polls(ctx, poller, deliver)
		}
		if !errors.Is(err, errJoinAgain) {
			return err
		}
	}
}

// joining returns the watch as the hub sees it.
func (w *watch) joining() feed.Watch {
	return feed.Watch{
		Key: w.key, Recursive: w.recursive, Next: w.next, Least: w.least, Known: w.marks.known(), Unsure: w.unsure,
		Progress: w.progress != nil, Pulse: w.pulse, Reopened: w.reopened, Request: w.request, Feed: w.feed,
	}
}

// polls follows the events by requests of its own, until a feed has them, too.
func (w *watch) polls(ctx context.Context, poller *feed.Poller, deliver func(*Response) error) error {
	defer poller.Leave()
	if w.ahead {
		return readAhead(ctx, deliver, func(ctx context.Context, deliver func(*Response) error) error {
			return w.pollUntilShared(ctx, poller, deliver)
		})
	}
	return w.pollUntilShared(ctx, poller, deliver)
}

func (w *watch) pollUntilShared(ctx context.Context, poller *feed.Poller, deliver func(*Response) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var shared atomic.Bool
	engine := w.engine(deliver, func() {
		if w.opened != nil {
			w.opened()
		}
		poller.Opened()
	})
	engine.Request = poller.Request()
	engine.Progress = func(index uint64) {
		if w.progress != nil {
			w.progress(index)
		}
		next := w.next
		if !poller.Moves(next) {
			if next = index + 1; !poller.Moves(next) {
				return
			}
		}
		w.least, w.next, w.unsure, w.followed = w.next, next, false, time.Now() // or there would be no progress
		shared.Store(true)
		cancel()
	}
	err := engine.Run(ctx)
	if shared.Load() && errors.Is(err, context.Canceled) {
		return errJoinAgain
	}
	return err
}

// readAhead runs a watch, and hands its events to deliver in this goroutine. The watch reads up to 16 MiB ahead.
func readAhead(ctx context.Context, deliver func(*Response) error, run func(context.Context, func(*Response) error) error) error {
	ctx, cancel := context.WithCancel(ctx)
	ahead := follow.NewReadahead(weight)
	go func() { ahead.End(run(ctx, ahead.Push)) }()
	defer ahead.Drain() // returns when the watch has ended
	defer cancel()
	for {
		event, err := ahead.Pop(ctx)
		if err != nil {
			return err
		}
		if err := deliver(event); err != nil {
			return err
		}
	}
}

// subscribed takes the events from a feed.
func (w *watch) subscribed(ctx context.Context, s *feed.Subscription, deliver func(*Response) error) error {
	defer s.Close()
	for {
		update, err := s.Next(ctx)
		var ended *feed.Ended
		if err == nil {
			w.served.Store(true) // as the feed was
		}
		switch {
		case errors.As(err, &ended) && ended.Err == nil:
			w.least, w.next, w.unsure, w.followed = 0, ended.Next, ended.Unsure, ended.At
			w.recognizeBy(ended.Last)
			return errJoinAgain
		case ended != nil:
			return w.ended(ended.Next-1, ended.Err)
		case err != nil:
			return err
		case update.Event == nil:
			if w.progress != nil {
				w.progress(update.Progress)
			}
		default:
			response := copyOf((*Response)(update.Event.(*event)))
			w.marks.saw(response)
			if err := deliver(response); err != nil {
				return err
			}
		}
	}
}

// recognizeBy makes the last event of a feed the landmark by which the watch recognizes the history.
func (w *watch) recognizeBy(last feed.Event) {
	if mark := w.marks.latest.Load(); last != nil && (mark == nil || mark.modified < last.ModifiedIndex()) {
		w.marks.saw((*Response)(last.(*event)))
	}
}

// openFeed follows the directory of a feed until that or the client ends. It begins with what this watch knows
// of the history.
func (w *watch) openFeed(f *feed.Feed) feed.End {
	shared := &watch{
		client: w.client, key: f.Dir, asked: f.Dir, recursive: true, next: f.Next, cluster: w.cluster,
		progress: f.Progress, pulse: f.Pulse, opened: f.Opened, reopened: f.Reopened, request: f.Request, feed: f,
	}
	shared.marks.latest.Store(w.marks.latest.Load())
	err := shared.run(f.Context, func(response *Response) error {
		f.Deliver((*event)(response))
		return nil
	})
	var ended *WatchError
	switch {
	case !errors.As(err, &ended): // the feed or the client has ended
		return feed.End{}
	case isCleared(err):
		return feed.End{Err: ended.Err, After: ended.After}
	case errors.Is(err, ErrClusterRolledBack), errors.Is(err, ErrWrongCluster):
		return feed.End{Err: ended.Err, After: ended.After, Retry: feed.RefusedTime}
	}
	return feed.End{Retry: feed.RefusedTime}
}

// Removal reports whether the event is the end of a directory, with all below it.
func (e *event) Removal() bool {
	return (e.Action == ActionDelete || e.Action == ActionExpire) && (e.Node.Dir || e.PrevNode != nil && e.PrevNode.Dir)
}

// Weight returns the approximate size of the event in bytes.
func (e *event) Weight() int { return weight((*Response)(e)) }

// copyOf returns a copy of an event, which several watches have received, for one of them to keep.
func copyOf(event *Response) *Response {
	c := *event
	c.Node, c.PrevNode = copyOfNode(event.Node), copyOfNode(event.PrevNode)
	return &c
}

func copyOfNode(node *Node) *Node {
	if node == nil {
		return nil
	}
	c := *node
	c.Nodes = slices.Clone(node.Nodes)
	for i := range c.Nodes {
		c.Nodes[i] = copyOfNode(c.Nodes[i])
	}
	return &c
}
