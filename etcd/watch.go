package etcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/etcdv2/client/gen"
)

// Watch iterates over the changes of key from now on, or, with WithAfterIndex, from a point in
// the past; with WithRecursive over those of everything below it too. The key need not exist.
//
//	for event, err := range client.Watch(ctx, "/nodes", etcd.WithRecursive()) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Action, event.Node.Key, event.Node.Value)
//	}
//
// Failures of members and connections are ridden out, without end: the watch goes on behind the
// last event. It ends with one pair of nil and an error: the cause of ctx's end, ErrClosed,
// ErrInvalidArgument, ErrWrongCluster, or a refusal by the server. The refusal to expect is
// ErrEventIndexCleared: the events to go on with are no longer in the history of 1,000 that the
// server keeps of all keys together. Then read what is there now and watch on from that response's
// Index.
//
// An event's Index is where to go on behind it. A deletion or expiry of a directory is one event,
// also for who watches something below: Node.Key is then shorter than the key watched. Refreshes are
// not seen, and hidden nodes only by who watches them, or the past.
func (c *Client) Watch(ctx context.Context, key string, opts ...WatchOption) iter.Seq2[*Response, error] {
	return func(yield func(*Response, error) bool) {
		w, err := newWatch(c, key, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			event, err := w.event(ctx)
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// WatchOnce returns the next change that Watch would.
func (c *Client) WatchOnce(ctx context.Context, key string, opts ...WatchOption) (*Response, error) {
	w, err := newWatch(c, key, opts)
	if err != nil {
		return nil, err
	}
	return w.event(ctx)
}

// watch is a watch under way.
type watch struct {
	client    *Client
	key       string // with its leading slash
	recursive bool
	next      uint64 // the waitIndex to send; 0 as long as it is to begin from now
	pause     backoff
}

func newWatch(c *Client, key string, opts []WatchOption) (*watch, error) {
	wire, err := wireKey(key)
	if err != nil {
		return nil, err
	}
	w := &watch{client: c, key: "/" + wire, pause: backoff{first: 20 * time.Millisecond, most: 5 * time.Second}}
	return with(opts, WatchOption.applyWatch, w), nil
}

// event polls until there is an event of the watch, or an error that ends it.
func (w *watch) event(ctx context.Context) (*Response, error) {
	for {
		event, err := w.poll(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case w.client.cluster.life.Err() != nil:
			return nil, fmt.Errorf("etcd: watch %s: %w", w.key, ErrClosed)
		case err == nil && event == nil:
			w.pause.reset()
		case err == nil:
			w.pause.reset()
			if w.concerns(event.Node.Key) {
				return event, nil
			}
		case final(err):
			return nil, err
		default:
			// Ended by the context or by Close, it is the next round that says so.
			_ = w.pause.wait(ctx, w.client.cluster.life)
		}
	}
}

// final reports whether a poll's error would be the same the next time.
func final(err error) bool {
	var unanswered *ClusterError
	var reply *Error
	if errors.As(err, &unanswered) {
		return errors.Is(err, ErrWrongCluster)
	}
	return errors.Is(err, ErrInvalidArgument) || errors.As(err, &reply) && reply.StatusCode >= 300
}

// errPollOver ends a poll that saw no event in its time.
var errPollOver = errors.New("no event in the time of a poll")

// poll asks once for the first event from w.next on. It returns neither event nor error when
// the time for it is over.
func (w *watch) poll(ctx context.Context) (*Response, error) {
	if w.next == 0 {
		if err := w.start(ctx); err != nil {
			return nil, err
		}
	}
	timeout := w.client.pollTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, timeout-rand.N(timeout/10+1), errPollOver)
	defer cancel()

	wait, next := true, w.next
	params := &gen.GetKeyParams{Wait: &wait, WaitIndex: &next, Recursive: onlyTrue(w.recursive)}
	resp, err := w.client.gen.GetKey(ctx, strings.TrimPrefix(w.key, "/"), params)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	registered := time.Now()
	body, err := io.ReadAll(resp.Body)
	switch {
	case len(bytes.TrimSpace(body)) > 0 && err == nil:
		return w.accept(decodeEvent(resp, body))
	case len(body) == 0 && time.Since(registered) >= searchTime:
		// The header says how far the server had searched when it began to wait. Going on from
		// there keeps a quiet watch inside the history that other keys use up.
		w.next = max(w.next, headerNumber(resp, "X-Etcd-Index")+1)
	}
	if errors.Is(context.Cause(ctx), errPollOver) {
		return nil, nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF // a proxy whose server went away ends a poll like this
	}
	return nil, err
}

// searchTime is how long a poll must have stayed without an event, after its header, to prove that
// there was none in the history: the server sends the header first and such an event right behind.
const searchTime = time.Second

// accept takes an event that a poll has brought. One from before the point that was asked for is
// none: some server in between has answered out of its own memory.
func (w *watch) accept(event *Response, err error) (*Response, error) {
	if err != nil {
		return nil, err
	}
	index := event.Node.ModifiedIndex
	if index < w.next {
		return nil, fmt.Errorf("watch %s: asked for events from %d on, got %d", w.key, w.next, index)
	}
	w.next, event.Index = index+1, index
	return event, nil
}

// start makes the watch begin at the store's present index. That is asked for before the first
// poll, so that nothing is missed should this poll fail.
func (w *watch) start(ctx context.Context) error {
	index, err := w.client.head(ctx, w.key)
	var reply *Error
	missing := errors.Is(err, ErrKeyNotFound) || errors.Is(err, ErrNotDir)
	if missing && errors.As(err, &reply) {
		index, err = reply.Index, nil
	}
	if err != nil {
		return err
	}
	if index == 0 { // etcd 0.4 gives a HEAD no index
		resp, err := w.client.Get(ctx, w.key)
		if err != nil {
			return err
		}
		index = resp.Index
	}
	w.next = index + 1
	return nil
}

// concerns reports whether an event on key belongs to the watch: servers from 2.3 on also send
// those of a deleted directory whose name the watched key merely begins with.
func (w *watch) concerns(key string) bool {
	return key == w.key || below(w.key, key) || w.recursive && below(key, w.key)
}

// below reports whether key is inside dir.
func below(key, dir string) bool {
	if dir == "/" {
		return key != "/"
	}
	return len(key) > len(dir) && key[len(dir)] == '/' && strings.HasPrefix(key, dir)
}
