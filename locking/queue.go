package locking

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/errs"
)

// queue is a lock's directory and how this process stands in line there.
type queue struct {
	config
	client *etcd.Client
	dir    string
	rule   rule
	shared bool // joins as a reader
	tells  bool // holders write that they are
	limit  int  // of a semaphore; 0 for another lock

	turn chan struct{} // holds one token, for who waits for a single key
}

// single reports whether the lock is one key, and dir is that.
func (q *queue) single() bool { return q.layout == single{} }

// rule returns for whom the contender at that position of the line has to wait. It is enough to name those
// whose going, or whose beginning to hold, can change that: nobody else wakes it. None says that it holds the
// lock.
type rule func(line []Contender, at int) (blockers []Contender)

// exclusive lets the first hold. The others wait for the one before them, and look again then.
func exclusive(line []Contender, at int) []Contender { return line[max(at-1, 0):at] }

// newQueue returns the queue of a lock; limit is that of a semaphore, and 0 for another lock.
func newQueue(client *etcd.Client, name string, limit int, opts []Option) *queue {
	q := &queue{config: newConfig(opts), client: client, dir: "/" + strings.Trim(name, "/"), rule: exclusive, limit: limit, turn: make(chan struct{}, 1)}
	if _, ok := q.layout.(python); ok {
		q.dir = pythonPrefix + strings.Trim(name, "/")
	}
	switch {
	case q.err != nil:
	case client == nil:
		q.err = invalid("lock %s: the client is nil", q.dir)
	case q.former != 0 && q.limit == 0:
		q.err = invalid("lock %s: only a semaphore has a former limit", q.dir)
	case q.dir == "/":
		q.err = invalid("lock /: the root cannot be a lock")
	}
	return q
}

// line is the contenders in the queue, the first in front, at an etcd index.
type line struct {
	contenders []Contender
	index      uint64 // 0 if the server has not told it
}

// list reads the line as it is now, not as a member remembers it.
func (q *queue) list(ctx context.Context) (line, error) {
	if q.err != nil {
		return line{}, q.err
	}
	resp, err := q.client.Get(ctx, q.dir, etcd.WithQuorum())
	if errors.Is(err, etcd.ErrKeyNotFound) {
		var reply *etcd.Error
		errors.As(err, &reply)
		return line{index: reply.Index}, nil
	}
	if err != nil {
		return line{}, err
	}
	if q.single() {
		return q.owner(resp)
	}
	if !resp.Node.Dir {
		return line{}, fmt.Errorf("locking: read %s: %w; a lock needs a directory of its own", q.dir, errs.Bare(etcd.ErrNotDir))
	}
	l := line{index: resp.Index}
	for node := range resp.Node.Children() {
		if !node.Dir {
			l.contenders = append(l.contenders, q.contender(node))
		}
	}
	slices.SortFunc(l.contenders, q.layout.compare)
	return l, nil
}

// errNoIndex says that a look at the queue has not told the index at which it was made. A watch could then begin
// only from now on, and would miss what has happened since.
var errNoIndex = errs.New("locking: the server did not report its index")

// watch follows key after a look at the queue that was made at index.
func (q *queue) watch(ctx context.Context, key string, index uint64, opts ...etcd.WatchOption) iter.Seq2[*etcd.Response, error] {
	if index == 0 {
		return func(yield func(*etcd.Response, error) bool) { yield(nil, errNoIndex) }
	}
	return q.client.Watch(ctx, key, append(opts, etcd.WithAfterIndex(index))...)
}

// owner returns the line of a lock that is one key.
func (q *queue) owner(resp *etcd.Response) (line, error) {
	if resp.Node.Dir {
		return line{}, fmt.Errorf("locking: read %s: %w; WithSingleKey needs a key", q.dir, errs.Bare(etcd.ErrNotFile))
	}
	return line{contenders: []Contender{q.contender(resp.Node)}, index: resp.Index}, nil
}

// holders returns those who hold the lock.
func (q *queue) holders(ctx context.Context) ([]Contender, error) {
	l, err := q.list(ctx)
	if err != nil {
		return nil, err
	}
	var holders []Contender
	for at, c := range l.contenders {
		rule := q.rule
		switch {
		case c.Shared:
			rule = shared
		case c.limit != 0:
			rule = slots(c.limit)
		}
		if len(rule(l.contenders, at)) == 0 {
			holders = append(holders, c)
		}
	}
	return holders, nil
}

// remove deletes the key of c, unless it is another contender's by now.
func (q *queue) remove(ctx context.Context, c Contender) error {
	for {
		l, err := q.list(ctx)
		if err != nil {
			return err
		}
		same := func(now Contender) bool { return now.Key == c.Key && now.Token == c.Token }
		at := slices.IndexFunc(l.contenders, same)
		if at < 0 {
			return fmt.Errorf("locking: remove %s: no contender with the token %d: %w", c.Key, c.Token, errs.Bare(etcd.ErrKeyNotFound))
		}
		_, err = q.client.CompareAndDelete(ctx, c.Key, etcd.Prev{Index: l.contenders[at].index})
		if refused(err, etcd.ErrCompareFailed) {
			continue // it was renewed
		}
		if err == nil {
			q.tidy(ctx)
		}
		return err
	}
}

// tidy removes the directory if nobody is in it. Whoever comes next makes it again.
func (q *queue) tidy(ctx context.Context) {
	if q.single() {
		return // the key may be another contender's now
	}
	ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
	defer cancel()
	for again := newPause(); ; {
		_, err := q.client.Delete(ctx, q.dir, etcd.WithDir())
		if !etcd.Retryable(err) || again.Wait(ctx, ctx) != nil {
			return // mostly it is not empty, and nothing depends on it
		}
	}
}
