package legacy

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// updateDirectory gives a directory another TTL. The store of 3.5 refuses that, so it happens to a file that
// for that moment is there instead, which makes the event and wakes its watchers. As in 0.4.9 the directory
// keeps its index, but not the event.
func (s *store) updateDirectory(key string, expires time.Time) (*v2store.Event, error) {
	var directory map[string]any
	s.edit(key, func(node map[string]any) {
		directory = maps.Clone(node)
		node["Children"] = nil
	})
	event, err := s.rewritten(expires)(s.Update(key, "", v2store.TTLOptionSet{ExpireTime: expires}))
	if err != nil {
		return nil, err
	}
	for _, node := range []*v2store.NodeExtern{event.Node, event.PrevNode} {
		node.Dir, node.Value = true, nil
	}
	s.edit(key, func(node map[string]any) {
		maps.Copy(node, directory)
		node["ExpireTime"] = expires
	})
	return event, nil
}

// edit has change edit the node of key in what the store would save, and restores the store from that.
func (s *store) edit(key string, change func(node map[string]any)) {
	saved, err := s.Save()
	if err != nil {
		panic(err)
	}
	var state map[string]any
	decoder := json.NewDecoder(bytes.NewReader(saved))
	decoder.UseNumber() // indexes need all their bits
	if err := decoder.Decode(&state); err != nil {
		panic(err)
	}
	node := state["Root"].(map[string]any)
	for name := range strings.SplitSeq(strings.Trim(key, "/"), "/") {
		node = node["Children"].(map[string]any)[name].(map[string]any)
	}
	change(node)
	if saved, err = json.Marshal(state); err == nil {
		err = s.Recovery(saved)
	}
	if err != nil {
		panic(err)
	}
}
