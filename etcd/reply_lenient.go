package etcd

import (
	"time"

	"github.com/etcdv2/client/gen"
)

// lenientEvent is a gen.Event whose nodes are lenient.
type lenientEvent struct {
	gen.Event
	Node     *lenientNode `json:"node"`
	PrevNode *lenientNode `json:"prevNode"`
}

// lenientNode is a gen.Node whose expiration may be the empty text, which some servers that emulate etcd send
// for a node that does not expire. One such node must not make a whole list unreadable.
type lenientNode struct {
	gen.Node
	Expiration expiration    `json:"expiration"`
	Nodes      []lenientNode `json:"nodes"`
}

// expiration is a time that may be empty.
type expiration struct{ time.Time }

// UnmarshalJSON takes the empty text for the zero time, as scan.Scanner.Time does.
func (e *expiration) UnmarshalJSON(text []byte) error {
	if string(text) == `""` {
		e.Time = time.Time{}
		return nil
	}
	return e.Time.UnmarshalJSON(text)
}
