package etcd

import (
	"encoding/json"
	"time"
)

// nodeJSON is a Node as etcd writes it.
type nodeJSON struct {
	Key           string     `json:"key"`
	Value         *string    `json:"value,omitempty"` // none for a directory
	Dir           bool       `json:"dir,omitempty"`
	TTL           int64      `json:"ttl,omitempty"` // in seconds
	Expiration    *time.Time `json:"expiration,omitempty"`
	Nodes         []*Node    `json:"nodes,omitempty"`
	ModifiedIndex uint64     `json:"modifiedIndex"`
	CreatedIndex  uint64     `json:"createdIndex"`
}

// MarshalJSON returns the node as etcd's API writes it.
func (n *Node) MarshalJSON() ([]byte, error) {
	node := nodeJSON{
		Key: n.Key, Dir: n.Dir, TTL: int64(n.TTL / time.Second), Nodes: n.Nodes,
		ModifiedIndex: n.ModifiedIndex, CreatedIndex: n.CreatedIndex,
	}
	if !n.Dir {
		node.Value = &n.Value
	}
	if !n.Expiration.IsZero() {
		node.Expiration = &n.Expiration
	}
	return json.Marshal(node)
}

// UnmarshalJSON reads a node as etcd's API writes it.
func (n *Node) UnmarshalJSON(text []byte) error {
	var node nodeJSON
	if err := json.Unmarshal(text, &node); err != nil {
		return err
	}
	*n = Node{
		Key: node.Key, Dir: node.Dir, TTL: time.Duration(node.TTL) * time.Second, Nodes: node.Nodes,
		ModifiedIndex: node.ModifiedIndex, CreatedIndex: node.CreatedIndex,
	}
	if node.Value != nil {
		n.Value = *node.Value
	}
	if node.Expiration != nil {
		n.Expiration = *node.Expiration
	}
	return nil
}
