package etcd

import "time"

// Action is what was done to a node. Servers may send actions other than those named here.
type Action string

// The actions that etcd 0.4 to 3.5 send. A PUT comes back as what the server made of it.
const (
	ActionGet              Action = "get"
	ActionSet              Action = "set"
	ActionCreate           Action = "create"
	ActionUpdate           Action = "update"
	ActionDelete           Action = "delete"
	ActionExpire           Action = "expire"
	ActionCompareAndSwap   Action = "compareAndSwap"
	ActionCompareAndDelete Action = "compareAndDelete"
)

// Response is the server's answer to a call on keys, or an event of a watch. It can be stored as JSON; see
// WithAfterResponse.
type Response struct {
	Action Action

	// Node is the node after the action; never nil.
	Node *Node

	// PrevNode is the node before the action. It is nil if there was none, and for a read.
	PrevNode *Node

	// Index is the etcd index that the response reflects. A watch with WithAfterIndex(Index) begins right after
	// it. For a read it is the index of the store at that moment (X-Etcd-Index). For a write and an event it is
	// the index of that change.
	Index uint64

	// RaftIndex and RaftTerm are those of the member. They also grow while no key changes. They are zero if the
	// server did not send them.
	RaftIndex uint64
	RaftTerm  uint64

	// ClusterID identifies the cluster, in lower-case hexadecimal. It is empty before etcd 2.0.
	ClusterID string
}

// rootKey is the key of the root, which etcd 2 and later leave out.
const rootKey = "/"

// newNode translates a node from the wire. A nil node stays nil.
func newNode(wire *lenientNode) *Node {
	if wire == nil {
		return nil
	}
	node := &Node{
		Key:           wire.Key,
		Dir:           wire.Dir,
		CreatedIndex:  wire.CreatedIndex,
		ModifiedIndex: wire.ModifiedIndex,
		Expiration:    wire.Expiration.Time,
	}
	if node.Key == "" {
		node.Key = rootKey
	}
	if wire.Value != nil {
		node.Value = *wire.Value
	}
	if wire.TTL != nil {
		node.TTL = seconds(*wire.TTL)
	}
	if len(wire.Nodes) > 0 {
		node.Nodes = make([]*Node, len(wire.Nodes))
		for i := range wire.Nodes {
			node.Nodes[i] = newNode(&wire.Nodes[i])
		}
	}
	return node
}

// seconds turns a TTL of the wire into a Duration, held at the ends of what one can hold: servers have sent
// -8446744073 and more.
func seconds(n int64) time.Duration {
	const most = int64((1<<63 - 1) / time.Second)
	return time.Duration(min(max(n, -most), most)) * time.Second
}
