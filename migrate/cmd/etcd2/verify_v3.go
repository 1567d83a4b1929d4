package main

import (
	"context"
	"iter"
	"strings"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v3tree"
)

// v3Prefix begins the name of a tree that is read over v3.
const v3Prefix = "v3:"

func (v *verifying) openV3(ctx context.Context, endpoints string) (iter.Seq2[dump.Node, error], error) {
	mapping, err := v.layout.mapping()
	if err != nil {
		return nil, err
	}
	client, err := v.v3.client(endpoints)
	if err != nil {
		return nil, err
	}
	v.closeThem = append(v.closeThem, client)
	reader := v3tree.Reader{Client: client, Mapping: mapping, Except: "_etcd2/", Leases: true}
	return reader.Nodes(ctx), nil
}

// flatten makes of a tree what v3 can hold of it, if it is compared with one of v3.
func (v *verifying) flatten(sides *[2]iter.Seq2[dump.Node, error], names ...string) error {
	ofV3 := [2]bool{strings.HasPrefix(names[0], v3Prefix), strings.HasPrefix(names[1], v3Prefix)}
	if !ofV3[0] && !ofV3[1] {
		return nil
	}
	mapping, err := v.layout.mapping()
	if err != nil {
		return err
	}
	for i, flat := range ofV3 {
		if !flat {
			sides[i] = v.mapped(v3tree.Flatten(sides[i], v.layout.markers), mapping)
		}
	}
	return nil
}

// mapped leaves out the keys that no rule fits, if that is wanted.
func (v *verifying) mapped(nodes iter.Seq2[dump.Node, error], mapping v3tree.Mapping) iter.Seq2[dump.Node, error] {
	if !v.leaveOut {
		return nodes
	}
	return func(yield func(dump.Node, error) bool) {
		for n, err := range nodes {
			if _, fits := mapping.Key(n.Key); err == nil && !fits {
				continue
			}
			if !yield(n, err) {
				return
			}
		}
	}
}
