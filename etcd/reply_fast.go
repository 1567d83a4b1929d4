package etcd

import (
	"slices"

	"github.com/etcdv2/client/internal/scan"
)

// fastDecoder decodes an event in the one form in which etcd writes it. That takes a seventh of the time that
// encoding/json needs, and few allocations. At anything else it fails, and encoding/json decodes the text: so
// what an event is and what it means does not depend on it. FuzzDecode holds the two together.
type fastDecoder struct {
	scan.Scanner
	nodes    []Node  // where nodes are made, many at once
	children []*Node // those of the directories under way
	depth    int
}

const (
	mostNodes = 4    // made at once: one that is kept keeps all alive, and the collector scans small pieces faster
	deepest   = 1000 // directories below each other; encoding/json reads ten times as many
)

// decodeFast returns the event in text, without what the header tells, or nil if it has another form.
func decodeFast(text []byte) *Response {
	d := fastDecoder{Scanner: scan.Of(text)}
	return d.event()
}

// event returns the event that the text is, nil if it has another form.
func (d *fastDecoder) event() *Response {
	event := &Response{}
	d.Open('{')
	if d.Field(`"action":`) {
		event.Action = Action(d.Text())
	}
	if d.Field(`"node":`) {
		event.Node = d.node()
	}
	if d.Field(`"prevNode":`) {
		event.PrevNode = d.node()
	}
	d.Close('}')
	d.Finish()
	if !d.OK() || event.Node == nil {
		return nil
	}
	return event
}

func (d *fastDecoder) node() *Node {
	n := d.newNode()
	d.Open('{')
	if d.Field(`"key":`) {
		n.Key = d.Text()
	}
	if d.Field(`"value":`) {
		n.Value = d.Text()
	}
	if d.Initial() != 'm' { // most nodes are files that do not expire
		d.rare(n)
	}
	if d.Field(`"modifiedIndex":`) {
		n.ModifiedIndex = d.Number()
	}
	if d.Field(`"createdIndex":`) {
		n.CreatedIndex = d.Number()
	}
	d.Close('}')
	if n.Key == "" {
		n.Key = rootKey
	}
	return n
}

// rare reads what stands before modifiedIndex where there is more than a key and a value.
func (d *fastDecoder) rare(n *Node) {
	if d.Field(`"dir":`) {
		n.Dir = d.Boolean()
	}
	if d.Field(`"expiration":`) {
		n.Expiration = d.Time()
	}
	if d.Field(`"ttl":`) {
		n.TTL = seconds(d.Integer())
	}
	if d.Field(`"nodes":`) {
		n.Nodes = d.list()
	}
}

func (d *fastDecoder) newNode() *Node {
	if len(d.nodes) == cap(d.nodes) {
		const file = 100 // about how many bytes it is written in
		d.nodes = make([]Node, 0, min(d.Left()/file+1, mostNodes))
	}
	d.nodes = d.nodes[:len(d.nodes)+1]
	return &d.nodes[len(d.nodes)-1]
}

// list reads a directory's nodes.
func (d *fastDecoder) list() []*Node {
	if d.depth++; d.depth > deepest {
		d.Fail()
	}
	before := len(d.children)
	d.Open('[')
	for d.Element() {
		d.children = append(d.children, d.node())
	}
	d.Close(']')
	d.depth--
	nodes := slices.Clone(d.children[before:])
	d.children = d.children[:before]
	return nodes
}
