package fakestore

import (
	"slices"
	"strings"
	"time"
)

// Key is what the store holds of a key.
type Key struct {
	Name, Value string
	Expires     time.Time // zero for never
	Created     uint64    // createdIndex
}

// Keys returns the keys below dir that are no directories, in the order in which they were created.
func (s *Store) Keys(dir string) []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	var keys []Key
	for name, n := range s.nodes {
		if !n.dir && (name == dir || strings.HasPrefix(name, dir+"/")) {
			keys = append(keys, Key{name, n.value, n.expires, n.created})
		}
	}
	slices.SortFunc(keys, func(a, b Key) int { return int(a.Created) - int(b.Created) })
	return keys
}

// Exists reports whether there is a key or directory of that name.
func (s *Store) Exists(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return s.nodes[key] != nil
}

// Remove removes key, and all below it, as an operator does.
func (s *Store) Remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	if s.nodes[key] != nil {
		s.take("delete", key)
	}
}

// Put writes key, as another program does; a ttl of 0 is for ever.
func (s *Store) Put(key, value string, ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	n := node{value: value}
	if ttl != 0 {
		n.expires = time.Now().Add(ttl)
	}
	s.put("set", key, n)
}
