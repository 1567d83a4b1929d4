package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"

	"github.com/etcdv2/client/etcd"
)

// isWrong reports whether err means that the cluster is not the one that the client belongs to.
func isWrong(err error) bool { return errors.Is(err, etcd.ErrWrongCluster) }

// plain returns a key of the store as clients see it.
func plain(key string) string { return cmp.Or(strings.TrimPrefix(key, "/1"), "/") }

// within reports whether key is below dir.
func within(key, dir string) bool {
	return strings.HasPrefix(key, strings.TrimSuffix(dir, "/")+"/") && key != dir
}

// above returns the directory that key is in, or "" for the root.
func above(key string) string { return key[:strings.LastIndexByte(key, '/')] }

// isRemoval reports whether an event is the end of a directory.
func isRemoval(e *v2store.Event) bool {
	return isEnd(e) && (e.Node.Dir || e.PrevNode != nil && e.PrevNode.Dir)
}

// isEnd reports whether an event is the end of a node.
func isEnd(e *v2store.Event) bool {
	return e.Action == v2store.Delete || e.Action == v2store.Expire || e.Action == v2store.CompareAndDelete
}

// view is what a watch has to see of a record. It grows with the record.
type view struct {
	record    *Record
	key       string
	recursive bool
	read      int // events of the record
	hidden    int // events of the hidden directory
	exists    bool
	events    []expected
}

// expected is an event that a watch has to deliver. The end of a directory above a key that does not exist is
// optional: a poll of etcd returns it from the history, and does not when it happens.
type expected struct {
	*v2store.Event
	optional bool
}

// grow reads what has been added to the record.
func (v *view) grow() []expected {
	all := v.record.Events()
	news := slices.Clone(all[v.read:])
	v.read = len(all)
	if v.key == gardenHidden {
		news = slices.DeleteFunc(news, func(e *v2store.Event) bool { return !isRemoval(e) })
		hidden := v.record.EventsOf(v.key)
		for _, e := range hidden[v.hidden:] {
			if !slices.ContainsFunc(news, func(other *v2store.Event) bool { return other.Index() == e.Index() }) {
				news = append(news, e)
			}
		}
		v.hidden = len(hidden)
		slices.SortFunc(news, func(a, b *v2store.Event) int { return cmp.Compare(a.Index(), b.Index()) })
	}
	for _, e := range news {
		v.add(e)
	}
	return v.events
}

func (v *view) add(e *v2store.Event) {
	key := plain(e.Node.Key)
	switch {
	case key == v.key || v.recursive && within(key, v.key):
		v.events = append(v.events, expected{Event: e})
	case isRemoval(e) && within(v.key, key):
		v.events = append(v.events, expected{e, !v.exists})
		v.exists = false
	}
	switch {
	case key == v.key:
		v.exists = !isEnd(e)
	case within(key, v.key) && !isEnd(e):
		v.exists = true
	}
}

// after returns the events behind an index.
func after(events []expected, index uint64) []expected {
	i, _ := slices.BinarySearchFunc(events, index+1, func(e expected, index uint64) int { return cmp.Compare(e.Index(), index) })
	return events[i:]
}

// shows returns how an event that a client has seen differs from the one that has happened, or "". If a member was
// overtaken by a snapshot, it shows more than has happened: etcd reads the history of the snapshot into the events of
// its own, where a value, an expiration or a previous node stays if the snapshot has none.
func shows(r *etcd.Response, e *v2store.Event, overtaken bool) string {
	want := fmt.Sprint(e.Action, nodeText(e.Node), " before ", nodeText(e.PrevNode))
	node, prev := r.Node, r.PrevNode
	if overtaken {
		node, prev = without(node, e.Node), without(prev, e.PrevNode)
	}
	got := fmt.Sprint(string(r.Action), textOf(node), " before ", textOf(prev))
	if got != want || r.Index != e.Index() {
		return fmt.Sprintf("%s at %d, and not %s at %d", got, r.Index, want, e.Index())
	}
	return ""
}

// without returns n without what the node that it shows has not.
func without(n *etcd.Node, shown *v2store.NodeExtern) *etcd.Node {
	if n == nil || shown == nil {
		return nil
	}
	rest := *n
	if shown.Value == nil {
		rest.Value = ""
	}
	if shown.Expiration == nil {
		rest.Expiration = time.Time{}
	}
	return &rest
}

func nodeText(n *v2store.NodeExtern) string {
	if n == nil {
		return "nothing"
	}
	value, expires := "", ""
	if n.Value != nil {
		value = *n.Value
	}
	if n.Expiration != nil {
		expires = n.Expiration.UTC().String()
	}
	return fmt.Sprint(plain(n.Key), n.Dir, value, n.CreatedIndex, n.ModifiedIndex, expires)
}

func textOf(n *etcd.Node) string {
	if n == nil {
		return "nothing"
	}
	expires := ""
	if !n.Expiration.IsZero() {
		expires = n.Expiration.UTC().String()
	}
	return fmt.Sprint(n.Key, n.Dir, n.Value, n.CreatedIndex, n.ModifiedIndex, expires)
}
