package locking

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/backoff"
)

// Observe iterates over the holders of the mutex: first the current one, and then every change, of the holder or
// of its value. A Contender without Key means that nobody holds the mutex.
//
//	for holder, err := range mutex.Observe(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(holder.Value, "since index", holder.Token)
//	}
//
// Observe yields every holder, in the order of their Tokens, and needs one watch, however many contend. It
// retries after failures. If the server's history of events ends before the watch has read it, Observe reads the
// queue again and misses the holders in between.
//
// It ends with ctx.Err() when ctx is done, or with an error that a retry would not change: the client is closed
// or is not allowed to read, or the cluster is another one.
func (m *Mutex) Observe(ctx context.Context) iter.Seq2[Contender, error] {
	return func(yield func(Contender, error) bool) {
		o := &observer{queue: m.queue, yield: yield}
		var last error // why the round before ended
		for again := newPause(); ; {
			err := o.follow(ctx, again)
			switch {
			case o.left:
				return
			case ctx.Err() != nil:
				err = ended(ctx, last)
			case reads(err) || etcd.Retryable(err) || o.told && passes(err):
				o.queue.client.Observe(ObservationReopened{Name: o.queue.dir, Err: err})
				last = err
				_ = again.Wait(ctx, ctx) // what has ended it, the next round says
				continue
			}
			yield(Contender{}, err)
			return
		}
	}
}

// observer is an observation under way. It follows all events of the queue instead of the holder's key: a
// holder of a moment would be missed otherwise.
type observer struct {
	queue *queue
	yield func(Contender, error) bool
	line  line
	told  bool
	last  Contender
	left  bool // the loop was left
}

// reads reports whether err, which has ended the watch of a queue, goes away when the queue is read again.
func reads(err error) bool {
	var ended *etcd.WatchError
	return errors.As(err, &ended) || errors.Is(err, errNoIndex)
}

// follow reads the queue and keeps it current by its events, until that fails or the loop is left.
func (o *observer) follow(ctx context.Context, again *backoff.Backoff) error {
	l, err := o.queue.list(ctx)
	if err != nil {
		return err
	}
	o.line = l
	if !o.tell() {
		return nil
	}
	for event, err := range o.queue.watch(ctx, o.queue.dir, l.index, etcd.WithRecursive()) {
		if err != nil {
			return err
		}
		again.Reset()
		o.apply(event)
		if !o.tell() {
			return nil
		}
	}
	return nil
}

// tell yields the holder if it is another one than last time. It returns false if the loop was left.
func (o *observer) tell() bool {
	var now Contender
	if len(o.line.contenders) > 0 {
		now = o.line.contenders[0]
	}
	if o.told && now.Key == o.last.Key && now.Token == o.last.Token && now.Value == o.last.Value && now.Identity == o.last.Identity {
		return true
	}
	o.told, o.last = true, now
	o.left = !o.yield(now, nil)
	return !o.left
}

// apply makes the line what it is after the event.
func (o *observer) apply(event *etcd.Response) {
	name, below := strings.CutPrefix(event.Node.Key, o.queue.dir+"/")
	removed := slices.Contains([]etcd.Action{etcd.ActionDelete, etcd.ActionExpire, etcd.ActionCompareAndDelete}, event.Action)
	switch {
	case o.queue.single() && event.Node.Key == o.queue.dir && !removed:
		o.line.contenders = []Contender{o.queue.contender(event.Node)}
		return
	case !below && removed: // the directory, or one above it
		o.line.contenders = nil
		return
	case !below || strings.Contains(name, "/"):
		return
	}
	isIt := func(c Contender) bool { return c.Key == event.Node.Key }
	o.line.contenders = slices.DeleteFunc(o.line.contenders, isIt)
	if !removed && !event.Node.Dir && !strings.HasPrefix(name, "_") {
		o.line.contenders = append(o.line.contenders, o.queue.contender(event.Node))
		slices.SortFunc(o.line.contenders, o.queue.layout.compare)
	}
}
