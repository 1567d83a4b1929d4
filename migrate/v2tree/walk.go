package v2tree

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// A walk goes through a tree in the order of its keys.
type walk struct {
	tree  *Tree
	yield func(dump.Node, error) bool
}

// An item is something to do at its place in the order: to yield a node or, at its key and a slash, what is below it.
// With the bytes of "a/" as a place of its own, "a.b" comes between "a" and "a/x".
type item struct {
	place string
	node  *etcd.Node
	below bool
}

// dir yields what is below a directory whose children have been read.
func (w *walk) dir(ctx context.Context, dir *etcd.Node) bool {
	items, err := w.items(ctx, dir)
	if err != nil {
		w.yield(dump.Node{}, err)
		return false
	}
	dir.Nodes = nil // the items have them
	for i, item := range items {
		items[i].node = nil // what is behind the walk can be freed
		if item.below {
			if !w.expand(ctx, item.node) {
				return false
			}
		} else if !w.node(item.node) {
			return false
		}
	}
	return true
}

func (w *walk) items(ctx context.Context, dir *etcd.Node) ([]item, error) {
	children := dir.Nodes
	for _, name := range w.tree.hidden.in(dir.Key) {
		key := strings.TrimSuffix(dir.Key, "/") + "/" + name
		if w.passed(item{place: key + "/", below: true}) {
			continue
		}
		switch resp, err := w.tree.get(ctx, key); {
		case gone(err):
		case err != nil:
			return nil, fmt.Errorf("read the hidden key %q: %w", key, err)
		default:
			children = append(children, resp.Node)
		}
	}
	items := make([]item, 0, len(children))
	for _, child := range children {
		items = append(items, item{place: child.Key, node: child})
		if child.Dir {
			items = append(items, item{place: child.Key + "/", node: child, below: true})
		}
	}
	items = slices.DeleteFunc(items, w.passed)
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.place, b.place) })
	return slices.CompactFunc(items, func(a, b item) bool { return a.place == b.place }), nil
}

// passed reports whether all that an item yields is at or before the key to go on after.
func (w *walk) passed(i item) bool {
	after := w.tree.opts.After
	if i.below && strings.HasPrefix(after, i.place) {
		return false
	}
	return i.place <= after
}

// expand yields what is below a directory of which only the node has been read.
func (w *walk) expand(ctx context.Context, dir *etcd.Node) bool {
	if w.tree.opts.OneIndex {
		return w.dir(ctx, dir)
	}
	resp, err := w.tree.get(ctx, dir.Key)
	switch {
	case gone(err) && strings.ContainsRune(dir.Key, utf8.RuneError):
		w.yield(dump.Node{}, fmt.Errorf("directory %q is listed but cannot be read: "+
			"its name has bytes that are not valid UTF-8, which etcd replaces when it answers", dir.Key))
		return false
	case gone(err):
		return true // it was deleted since it was listed
	case errors.Is(err, etcd.ErrInvalidArgument): // its name is too long for a request line
		w.yield(dump.Node{}, fmt.Errorf("read %.100q: %w; a read at one index names only the root", dir.Key, err))
		return false
	case err != nil:
		w.yield(dump.Node{}, fmt.Errorf("read %q: %w", dir.Key, err))
		return false
	}
	return !resp.Node.Dir || w.dir(ctx, resp.Node) // it may have become a file since
}

func (w *walk) node(n *etcd.Node) bool {
	if w.passed(item{place: n.Key}) {
		return true
	}
	return w.yield(toDump(n), nil)
}

func toDump(n *etcd.Node) dump.Node {
	node := dump.Node{Key: n.Key, Value: n.Value, Dir: n.Dir, Created: n.CreatedIndex, Modified: n.ModifiedIndex}
	if !n.Expiration.IsZero() {
		node.TTL, node.Expires = int64(n.TTL/time.Second), n.Expiration.UTC()
	}
	return node
}

// gone reports whether a read has found that there is nothing at the key.
func gone(err error) bool {
	return errors.Is(err, etcd.ErrKeyNotFound) || errors.Is(err, etcd.ErrNotDir)
}
