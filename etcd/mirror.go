package etcd

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/internal/backoff"
)

// Mirror is a local copy of a directory, or of one file, that a watch keeps current. Reading it costs no
// request. Client.Mirror makes one; the zero value is not usable. Multiple goroutines may use it at once.
//
// A mirror goes through the same states as the directory on the server. It lags as far as its watch does: Age
// returns how long ago the mirror was last known to be current, and WaitIndex waits until the mirror has reached
// the index of a Response.
//
// If the watch cannot continue (ErrEventIndexCleared, ErrClusterRolledBack, ErrWrongCluster, or an event whose
// Action this package does not know), the mirror reads the directory again, WithQuorum, and retries until that
// succeeds. It applies the differences at once, and reports to Changes and the Observer that it has read again.
// With AnyCluster as Config.ClusterID, the mirror moves on to a cluster that was rebuilt. A client that keeps to
// one cluster refuses the new one, and that ends the mirror. The first read is not a quorum read. The others are,
// and each leaves an entry in the log that etcd 3.6 does not start with; see WithQuorum.
//
// The mirror ends with its context, with Close, with the client's Close, or if the server refuses it. For
// ErrUnauthorized that takes a minute; see SetCredentials. A mirror that has ended keeps answering from what it
// held. Err returns why it ended.
//
// Not guaranteed:
//
//   - That TTL, Expiration and ModifiedIndex of a node that is refreshed are current. They are those of the
//     node's last event, or of the last read, because a Refresh causes no event. An expiry causes one.
//   - That the mirror has hidden nodes. It does not, unless what it mirrors is itself hidden. If a directory was
//     created only because a hidden node was made in it, the mirror does not see it until something visible
//     happens there. The directory then has the index of that event as its CreatedIndex.
type Mirror struct {
	client  *Client
	dir     string // what is mirrored, with its leading slash and without a trailing one
	asked   string // the same as it was given
	end     context.CancelCauseFunc
	done    chan struct{}   // closed when the goroutine has ended, and err is set
	pause   backoff.Backoff // before the directory is read again; the watch's as long as one runs, else the goroutine's
	cluster string          // ID of the one that was read; the goroutine's own
	marks   landmarks       // of the history that was read; likewise
	started time.Time       // when it was read first: not later than the answer's moment
	request chan struct{}   // requests progress of the watch
	alive   atomic.Int64    // when it was last known to be current, counted from started

	mu      sync.RWMutex
	tree    *mirrorTree
	index   uint64
	version int   // how often what it holds has changed
	epoch   int   // how often index has gone back
	err     error // why it has ended
	feeds   map[*mirrorFeed]struct{}
	changed chan struct{} // closed, and made anew, with every change of the above
}

// Mirror reads everything below dir and returns a copy that is kept current until ctx is done, or Close or the
// client's Close is called. dir can be a file. It need not exist: the mirror is empty until it does. "/" is the
// root.
//
//	mirror, err := client.Mirror(ctx, "/config")
//	if err != nil {
//		return err
//	}
//	defer mirror.Close()
//	if node, ok := mirror.Get("/config/level"); ok {
//		fmt.Println(node.Value)
//	}
//
// Mirror returns the error of that first read, a Get with WithRecursive, which it does not repeat. The mirror
// sorts what it has read in the background: a look at it right after that waits, 2 ms for 10,000 nodes.
func (c *Client) Mirror(ctx context.Context, dir string) (*Mirror, error) {
	key, err := nodeKey(dir)
	if err != nil {
		return nil, err
	}
	m := &Mirror{
		client:  c,
		dir:     key,
		asked:   dir,
		done:    make(chan struct{}),
		pause:   resyncPause,
		started: time.Now(),
		request: make(chan struct{}, 1),
		feeds:   map[*mirrorFeed]struct{}{},
		changed: make(chan struct{}),
	}
	node, index, err := m.read(ctx)
	if err != nil {
		return nil, err
	}
	m.index = index
	own, end := context.WithCancelCause(ctx)
	m.end = end
	m.mu.Lock() // until the tree is made, beside the caller: whoever looks at it waits
	go m.live(ctx, own, node)
	return m, nil
}

// Close ends the mirror with an error that matches ErrClosed, and waits for its goroutine. A second Close does
// nothing. The error is always nil.
func (m *Mirror) Close() error {
	m.end(&closedMirror{m.dir})
	<-m.done
	return nil
}

// Get returns a copy of the node at key, without its Nodes, and whether it exists. Keys are full keys, as
// everywhere: "/config/level" in a mirror of "/config".
func (m *Mirror) Get(key string) (*Node, bool) {
	m.mu.RLock()
	node := m.tree.get(key)
	m.mu.RUnlock()
	if node == nil {
		return nil, false
	}
	return bare(node), true
}

// Range iterates over copies of the node at key and of all nodes below it, without their Nodes. Parents come
// before their children, and children in the order of their keys, as in a Get with WithRecursive and WithSorted.
// All copies are from the moment when the loop begins. If the key does not exist, there are none.
func (m *Mirror) Range(key string) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		m.mu.RLock()
		nodes := m.tree.list(key)
		m.mu.RUnlock()
		for _, node := range nodes {
			if !yield(bare(node)) {
				return
			}
		}
	}
}

// Snapshot is the content of a Mirror at one moment.
type Snapshot struct {
	// Node is the mirrored node, with everything below it in the order of the keys, as a Get with WithRecursive
	// and WithSorted returns it. It is nil if the node does not exist. The caller may change it.
	Node *Node

	// Index is the etcd index of that moment: Node reflects everything up to it. A Watch with
	// WithAfterIndex(Index) begins right after it.
	Index uint64
}

// Walk iterates over all nodes, parents before their children. If Node is nil, there are none.
func (s Snapshot) Walk() iter.Seq[*Node] { return s.Node.Walk() }

// Leaves iterates over all files. If Node is nil, there are none.
func (s Snapshot) Leaves() iter.Seq[*Node] { return s.Node.Leaves() }

// Snapshot returns a copy of everything at one moment.
func (m *Mirror) Snapshot() Snapshot {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return Snapshot{Node: m.tree.copy(), Index: m.index}
}

// Index returns the etcd index that the mirror has reached: the mirror reflects everything up to it. The index
// goes back if that of the cluster did; see Change.
func (m *Mirror) Index() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.index
}

// Age returns how long ago the mirror was last known to be current, which it is while it is connected to a
// member that answers. It grows while the mirror has no such member, and after the mirror has ended.
func (m *Mirror) Age() time.Duration {
	return time.Since(m.started) - time.Duration(m.alive.Load())
}

// Err returns why the mirror has ended, or nil if it has not.
func (m *Mirror) Err() error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.err
}

// bare returns a copy of node without its Nodes.
func bare(node *Node) *Node {
	if node == nil {
		return nil
	}
	n := *node
	n.Nodes = nil
	return &n
}

// closedMirror is why a mirror ended whose Close was called.
type closedMirror struct{ dir string }

func (e *closedMirror) Error() string        { return "etcd: mirror " + e.dir + ": closed" }
func (e *closedMirror) Is(target error) bool { return target == ErrClosed }
