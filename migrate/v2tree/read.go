package v2tree

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// ReadOptions says what to read, and how.
type ReadOptions struct {
	// Root is the directory or key to read. Empty means "/", the whole tree.
	Root string

	// Hidden names the hidden keys to read: by path, such as "/app/_locks", or by name, such as "_locks", which is
	// then asked for in every directory, at the cost of one request each. Everything below a hidden directory that is
	// not hidden in it is read with it.
	Hidden []string

	// After leaves out this key and those before it, to go on with a sequence that was interrupted.
	After string

	// Quorum makes each read go through the cluster's log. On etcd 3.5 a quorum read leaves an entry that keeps etcd
	// 3.6 from starting, though nothing was written. Without it, a member that lags behind may answer; see MinIndex.
	// The client should have a transport that is made WithoutQuorum.
	Quorum bool

	// OneIndex reads the tree with one recursive request, so that all nodes are of one moment. The whole tree must
	// fit into memory. Hidden keys take requests of their own.
	OneIndex bool

	// MinIndex is an etcd index that the cluster is known to have reached. A read from a member that is behind it, or
	// behind an index that an earlier read has shown, is made again until Patience ends.
	MinIndex uint64

	// Patience is how long to repeat a read that fails because no member gives a usable answer, or that comes from a
	// member that is behind. Zero means a minute. Open returns at once if no member answers.
	Patience time.Duration
}

// A Tree is a tree that is being read.
type Tree struct {
	client  *etcd.Client
	opts    ReadOptions
	hidden  hidden
	root    *etcd.Response // the first read, which Nodes begins with
	lowest  uint64
	highest uint64
}

// Open begins to read. It returns etcd.ErrKeyNotFound if the root does not exist.
func Open(ctx context.Context, client *etcd.Client, opts ReadOptions) (*Tree, error) {
	if opts.Root == "" {
		opts.Root = "/"
	}
	if opts.Patience == 0 {
		opts.Patience = time.Minute
	}
	hidden, err := newHidden(opts.Root, opts.Hidden)
	if err != nil {
		return nil, err
	}
	t := &Tree{client: client, opts: opts, hidden: hidden}
	t.root, err = t.get(ctx, opts.Root)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", opts.Root, err)
	}
	return t, nil
}

// ClusterID returns the ID of the cluster in hexadecimal.
func (t *Tree) ClusterID() string {
	return t.root.ClusterID
}

// Index returns the etcd index of the first read.
func (t *Tree) Index() uint64 {
	return t.root.Index
}

// Indexes returns the lowest and the highest etcd index that reads have seen so far. If they are equal when Nodes has
// ended, nothing changed in between, and the nodes are of one moment.
func (t *Tree) Indexes() (lowest, highest uint64) {
	return t.lowest, t.highest
}

// Nodes yields the nodes in the order of their keys. It can be called once. An error is the last thing that it yields.
func (t *Tree) Nodes(ctx context.Context) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		w := walk{tree: t, yield: yield}
		root := t.root.Node
		if root.Key != "/" && !w.node(root) {
			return
		}
		if root.Dir {
			w.dir(ctx, root)
		}
	}
}
