package etcd

import (
	"slices"

	"github.com/etcdv2/client/internal/scan"
)

// fastDecoder decodes an event in the one form in which etcd writes it. It takes a seventh of the time of
// encoding/json, and few allocations. It fails at any other form, and encoding/json decodes the text, so the
// result does not depend on fastDecoder. FuzzDecode checks that both agree.
type fastDecoder struct {
	scan.Scanner
	nodes    []Node  // where nodes are allocated, several at once
	children []*Node // of the directories that are being read
	depth    int
}

const (
	mostNodes = 4    // per block: a kept node keeps its block alive; the collector scans small blocks faster
	deepest   = 1000 // nested directories; encoding/json reads five times as many
)

// decodeFast returns the event in text, without the fields of the header, or nil if text has another form.
func decodeFast(text []byte) *Response {
	d := fastDecoder{Scanner: scan.Of(text)}
	return d.event()
}

// event returns the event in the text, or nil if the text has another form.
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

// rare reads the fields before modifiedIndex other than key and value.
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
		const file = 100 // the approximate size of its text in bytes
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
