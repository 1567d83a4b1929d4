package legacy

import (
	"encoding/json"
	"path"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// store is etcd's v2 store with the habits that it had in 0.4.9. Its member's lock guards it.
type store struct {
	v2store.Store

	// expirations are when keys expire. The events of a key point to it: in 0.4.9 they show when the key
	// expires now, not when it did after the event.
	expirations map[string]*time.Time

	streams map[*stream]struct{}
}

func newStore() *store {
	return &store{Store: v2store.New(), expirations: map[string]*time.Time{}, streams: map[*stream]struct{}{}}
}

// renewed notes when the node of an event that has made it anew expires.
func (s *store) renewed(event *v2store.Event, err error) (*v2store.Event, error) {
	if err == nil {
		s.expirations[event.Node.Key] = event.Node.Expiration
	}
	return event, err
}

// rewritten makes events of a node that is kept, and expires at the time expires, point to that time.
func (s *store) rewritten(expires time.Time) func(event *v2store.Event, err error) (*v2store.Event, error) {
	return func(event *v2store.Event, err error) (*v2store.Event, error) {
		if err != nil {
			return nil, err
		}
		shared := s.expirations[event.Node.Key]
		if shared == nil {
			shared = new(time.Time)
			s.expirations[event.Node.Key] = shared
		}
		*shared = expires
		for _, node := range []*v2store.NodeExtern{event.Node, event.PrevNode} {
			if node.Expiration != nil {
				node.Expiration = shared
			}
		}
		return event, nil
	}
}

// get reads a key, which may have a slash at its end. The store of 3.5 would repeat that in the answer.
func (s *store) get(key string, recursive, sorted bool) (*v2store.Event, error) {
	return s.Get(path.Clean(key), recursive, sorted)
}

func (s *store) isDirectory(key string) bool {
	event, err := s.get(key, false, false)
	return err == nil && event.Node.Dir && event.Node.Key != "/"
}

// watch returns a watcher for the first event at or after index; 0 means the next one. The store of 3.5 finds
// in its history also that a directory above the key was deleted, and mistakes for it one whose name is the
// beginning of the key's. That of 0.4.9 finds only events of the key and, if recursive, below.
func (s *store) watch(key string, recursive, streaming bool, index uint64) (v2store.Watcher, error) {
	key = path.Clean(key)
	for {
		watcher, err := s.Watch(key, recursive, streaming, index)
		if err != nil || len(watcher.EventChan()) == 0 { // nothing in the history: nobody writes meanwhile
			return watcher, err
		}
		event := <-watcher.EventChan()
		if event.Node.Key == key || recursive && strings.HasPrefix(event.Node.Key, strings.TrimSuffix(key, "/")+"/") {
			watcher.EventChan() <- event
			return watcher, nil
		}
		watcher.Remove()
		index = event.Node.ModifiedIndex + 1
	}
}

// zone is not UTC: servers of 0.x report times in their own zone.
var zone = time.FixedZone("", 9*60*60)

// encode returns the event as JSON. The event of an expired directory does not say that it was one.
func encode(event *v2store.Event) []byte {
	event = event.Clone()
	if event.Action == v2store.Expire {
		event.Node.Dir = false
	}
	inZone(event.Node)
	inZone(event.PrevNode)
	text, err := json.Marshal(event)
	if err != nil {
		panic(err) // it holds texts, numbers and times
	}
	return text
}

func inZone(node *v2store.NodeExtern) {
	if node == nil {
		return
	}
	if node.Expiration != nil && !node.Expiration.IsZero() { // the zero time is shown as UTC
		there := node.Expiration.In(zone)
		node.Expiration = &there
	}
	for _, child := range node.Nodes {
		inZone(child)
	}
}
