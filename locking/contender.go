package locking

import (
	"time"

	"github.com/etcdv2/client/etcd"
)

// Contender is a holder of a lock, or one that waits for it. A key that somebody else has put into the lock's
// directory counts as one, too, because its purpose is unknown.
type Contender struct {
	Key      string        // its key in the lock's directory
	Value    string        // see WithValue
	Identity string        // see WithIdentity; empty without
	Token    uint64        // what its lock's Token is, or will be
	Shared   bool          // whether it is a reader, see RWMutex.RLock
	TTL      time.Duration // what it had left to live when the server answered; 0 for ever

	id        string
	index     uint64 // modifiedIndex
	held      bool
	limit     int // of a semaphore; 0 if it says none
	former    int
	permanent bool
}

// contender reads a contender from its key.
func (q *queue) contender(node *etcd.Node) Contender {
	e := q.layout.decode(node.Value)
	return Contender{
		Key:      node.Key,
		Value:    e.Value,
		Identity: e.Identity,
		Token:    node.CreatedIndex,
		Shared:   e.Shared,
		TTL:      node.TTL,
		id:       e.ID,
		index:    node.ModifiedIndex,
		held:     e.Held,
		limit:    e.Limit,
		former:   e.Former,

		// Its TTL is zero, too, when it has expired and is not swept yet.
		permanent: node.Expiration.IsZero(),
	}
}
