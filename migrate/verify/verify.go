// Package verify compares two trees that are sorted as a [dump] file is, and says how they differ.
package verify

import (
	"iter"
	"time"

	"github.com/etcdv2/client/migrate/dump"
)

// Options says what counts as a difference. Indexes never do: they are those of a cluster.
type Options struct {
	// Tolerance is by how much times of expiry may differ. Etcd counts a TTL in whole seconds, and from when the write
	// arrives, so a copy may live a little longer.
	Tolerance time.Duration

	// FilesOnly does not compare directories, for a tree that has none, such as one of etcd v3. A file then expires
	// with the first directory above it.
	FilesOnly bool
}

// Compare compares the trees a and b in one pass, and calls report for each difference when it finds it. A node that
// only one side has is not a difference if its time is up.
func Compare(a, b iter.Seq2[dump.Node, error], opts Options, report func(Difference)) (Summary, error) {
	c := comparison{opts: opts, report: report}
	left, right := newSide(a, opts), newSide(b, opts)
	defer left.stop()
	defer right.stop()
	n, m := left.next(), right.next()
	for left.err == nil && right.err == nil && (n != nil || m != nil) {
		switch {
		case m == nil || n != nil && n.Key < m.Key:
			c.alone(Missing, n)
			n = left.next()
		case n == nil || n.Key > m.Key:
			c.alone(Extra, m)
			m = right.next()
		default:
			c.both(n, m)
			n, m = left.next(), right.next()
		}
	}
	c.sum.Dirs = [2]int{left.dirs, right.dirs}
	if left.err != nil {
		return c.sum, left.err
	}
	return c.sum, right.err
}

type comparison struct {
	opts   Options
	report func(Difference)
	sum    Summary
}

// A node is a node with the time at which it ends, by itself or with a directory.
type node struct {
	dump.Node
	ends time.Time
}

func (c *comparison) alone(kind Kind, n *node) {
	if !n.ends.IsZero() && time.Until(n.ends) < c.opts.Tolerance {
		c.sum.Expired++
		return
	}
	if kind == Missing {
		c.differ(Difference{Kind: kind, A: n.Node})
	} else {
		c.differ(Difference{Kind: kind, B: n.Node})
	}
}

func (c *comparison) both(a, b *node) {
	switch {
	case a.Dir != b.Dir:
		c.differ(Difference{Type, a.Node, b.Node})
	case a.Value != b.Value:
		c.differ(Difference{Value, a.Node, b.Node})
	case !c.sameEnd(a, b):
		c.differ(Difference{TTL, a.Node, b.Node})
	default:
		c.sum.Equal++
	}
}

func (c *comparison) sameEnd(a, b *node) bool {
	x, y := a.Expires, b.Expires
	if c.opts.FilesOnly {
		x, y = a.ends, b.ends
	}
	if x.IsZero() || y.IsZero() {
		return x.IsZero() && y.IsZero()
	}
	return x.Sub(y).Abs() <= c.opts.Tolerance
}

func (c *comparison) differ(d Difference) {
	c.sum.Differences[d.Kind]++
	if c.report != nil {
		c.report(d)
	}
}

// A side is one of the two trees.
type side struct {
	pull  func() (dump.Node, error, bool)
	stop  func()
	lives dump.Lifetimes
	files bool
	dirs  int // that were left out
	err   error
}

func newSide(seq iter.Seq2[dump.Node, error], opts Options) *side {
	s := &side{files: opts.FilesOnly}
	s.pull, s.stop = iter.Pull2(seq)
	return s
}

// next returns the next node to compare; nil at the end or after an error.
func (s *side) next() *node {
	for {
		n, err, ok := s.pull()
		if !ok || err != nil {
			s.err = err
			return nil
		}
		ends := dump.Earlier(n.Expires, s.lives.Above(n))
		if !s.files || !n.Dir {
			return &node{n, ends}
		}
		s.dirs++
	}
}
