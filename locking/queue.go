package locking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdv2/client/etcd"
)

// queue is a lock's directory and how this process stands in line there.
type queue struct {
	config
	client *etcd.Client
	dir    string
	rule   rule
	shared bool // joins as a reader
	tells  bool // holders write that they are
}

// rule returns for whom the contender at that position of the line has to wait. It is enough to name those
// whose going, or whose beginning to hold, can change that: nobody else wakes it. None says that it holds the
// lock.
type rule func(line []Contender, at int) (blockers []Contender)

// exclusive lets the first hold. The others wait for the one before them, and look again then.
func exclusive(line []Contender, at int) []Contender { return line[max(at-1, 0):at] }

func newQueue(client *etcd.Client, name string, opts []Option) *queue {
	q := &queue{config: newConfig(opts), client: client, dir: "/" + strings.Trim(name, "/"), rule: exclusive}
	if _, ok := q.layout.(python); ok {
		q.dir = pythonPrefix + strings.Trim(name, "/")
	}
	switch {
	case q.err != nil:
	case client == nil:
		q.err = invalid("no client for the lock %s", q.dir)
	case q.dir == "/":
		q.err = invalid("the root cannot be a lock")
	}
	return q
}

// line is who is in the queue, the first in front, at an etcd index.
type line struct {
	contenders []Contender
	index      uint64
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
	if !resp.Node.Dir {
		return line{}, fmt.Errorf("locking: %s is a file, a lock needs a directory of its own: %w", q.dir, etcd.ErrNotDir)
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

// holders returns those who hold the lock.
func (q *queue) holders(ctx context.Context) ([]Contender, error) {
	l, err := q.list(ctx)
	if err != nil {
		return nil, err
	}
	var holders []Contender
	for at, c := range l.contenders {
		rule := q.rule
		if c.Shared {
			rule = shared
		}
		if len(rule(l.contenders, at)) == 0 {
			holders = append(holders, c)
		}
	}
	return holders, nil
}

// tidy removes the directory if nobody is in it. Whoever comes next makes it again.
func (q *queue) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
	defer cancel()
	for again := newPause(); ; {
		_, err := q.client.Delete(ctx, q.dir, etcd.WithDir())
		if !etcd.Retryable(err) || again.Wait(ctx, ctx) != nil {
			return // mostly it is not empty, and nothing depends on it
		}
	}
}
