package etcd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcdv2/client/gen"
)

// answer answers a request as etcd does, with the member's faults.
func (m *fakeMember) answer(w http.ResponseWriter, r *http.Request) {
	line := lineAsked(r)
	m.mu.Lock()
	delay, special := m.delay, m.aside[line]
	m.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return
		}
	}
	m.gate(r)
	switch {
	case special != nil:
		special(w, r)
		return
	case line == versionLine:
		text(200, fmt.Sprintf(`{"etcdserver":%q}`, m.version))(w, r)
		return
	case line != indexLine && line != changeLine:
		m.change(func() { m.lines = append(m.lines, line) })
	}
	key := strings.TrimPrefix(r.URL.Path, "/v2/keys")
	switch query := r.URL.Query(); {
	case line == leaderLine:
		healthy[leaderLine](w, r)
	case query.Get("wait") == "true":
		m.wait(w, r, key)
	default:
		m.read(w, r, key, query)
	}
}

// head writes the header that every answer on keys has.
func (m *fakeMember) head(w http.ResponseWriter, index int) {
	w.Header().Set("X-Etcd-Cluster-Id", m.id)
	w.Header().Set("X-Etcd-Index", strconv.Itoa(index))
	w.Header().Set("X-Raft-Index", strconv.Itoa(index+int(m.entries.Load())))
	if term := m.term.Load(); term != 0 {
		w.Header().Set("X-Raft-Term", strconv.FormatInt(term, 10))
	}
}

func (m *fakeMember) read(w http.ResponseWriter, r *http.Request, key string, query url.Values) {
	m.mu.Lock()
	index := m.applied
	if query.Get("quorum") == "true" {
		index = len(m.log)
	}
	root := &gen.Node{Key: key}
	there, dir := false, false
	files := map[string]*gen.Node{}
	for _, event := range m.log[:index] {
		node := event.Node
		if event.Action != "delete" {
			files[node.Key] = node
			continue
		}
		for name := range files {
			if name == node.Key || below(name, node.Key) {
				delete(files, name)
			}
		}
	}
	var nodes []gen.Node
	for name, node := range files {
		switch {
		case name == key:
			root, there = &gen.Node{Key: key, Value: node.Value, Dir: node.Dir, ModifiedIndex: node.ModifiedIndex, CreatedIndex: node.CreatedIndex}, true
		case below(name, key):
			there, dir = true, true
			nodes = append(nodes, *node)
		}
	}
	m.mu.Unlock()
	m.head(w, index)
	if !there && key != "/" {
		refusing(404, ErrKeyNotFound, key, index)(w, r)
		return
	}
	if dir || key == "/" {
		root.Dir = true
	}
	if query.Get("recursive") == "true" {
		slices.SortFunc(nodes, func(a, b gen.Node) int { return strings.Compare(a.Key, b.Key) })
		root.Nodes = inDirs(strings.TrimSuffix(key, "/"), nodes)
	}
	// It may end early: the client has gone.
	_ = json.NewEncoder(w).Encode(gen.Event{Action: "get", Node: root})
}

// inDirs puts files below dir, which are sorted, into directories.
func inDirs(dir string, files []gen.Node) []gen.Node {
	var nodes []gen.Node
	for len(files) > 0 {
		name, _, deeper := strings.Cut(strings.TrimPrefix(files[0].Key, dir+"/"), "/")
		child := dir + "/" + name
		n := 1
		if deeper {
			for n < len(files) && below(files[n].Key, child) {
				n++
			}
			nodes = append(nodes, gen.Node{Key: child, Dir: true, ModifiedIndex: 1, CreatedIndex: 1, Nodes: inDirs(child, files[:n])})
		} else {
			nodes = append(nodes, files[0])
		}
		files = files[n:]
	}
	return slices.DeleteFunc(nodes, func(n gen.Node) bool { return strings.Contains(n.Key, "/_") })
}

// wait answers a poll or a stream.
func (m *fakeMember) wait(w http.ResponseWriter, r *http.Request, key string) {
	query := r.URL.Query()
	since, _ := strconv.Atoi(query.Get("waitIndex"))
	watcher := &fakeWatcher{key: key, recursive: query.Get("recursive") == "true", stream: query.Get("stream") == "true", events: make(chan *gen.Event, 100)}
	m.mu.Lock()
	index, proxy, first := m.applied, m.proxy, max(1, m.applied-kept+1)
	if watcher.since = since; since == 0 {
		watcher.since = index + 1
	}
	if watcher.since < first {
		m.mu.Unlock()
		refusing(400, ErrEventIndexCleared, fmt.Sprintf("the requested history has been cleared [%d/%d]", first, since), index)(w, r)
		return
	}
	if watcher.stream {
		m.streams++
	}
	past := m.past(watcher)
	if past == nil {
		m.waiting[watcher] = true
	}
	wrong, broken := faultless, m.broken
	if m.fault != nil && lineAsked(r) != changeLine {
		wrong = m.fault(r)
	}
	m.mu.Unlock()
	defer m.change(func() { delete(m.waiting, watcher) })
	switch wrong {
	case breakAtOnce:
		hangup(w, r)
	case fail500:
		refusing(500, ErrRaftInternal, "", 0)(w, r)
		return
	case late:
		select {
		case <-time.After(7 * time.Millisecond):
		case <-r.Context().Done():
		}
	case forbid:
		refusing(401, ErrUnauthorized, "", 0)(w, r)
		return
	}
	m.head(w, index)
	if wrong == breakBehindHeader {
		w.(http.Flusher).Flush()
		hangup(w, r)
	}
	if past != nil { // the header goes out first, and this right behind it; then nothing, also in a stream
		if proxy == noProxy {
			w.(http.Flusher).Flush()
		}
		m.gate(r) // it may freeze in between
		if json.NewEncoder(w).Encode(past) != nil || !watcher.stream {
			return
		}
	}
	m.pass(w, r, watcher, broken, proxy)
}

// pass sends what a watcher is told.
func (m *fakeMember) pass(w http.ResponseWriter, r *http.Request, watcher *fakeWatcher, broken chan struct{}, proxy proxy) {
	events := watcher.events
	if proxy == whenComplete && watcher.stream {
		events = nil // it never is
	}
	for {
		if proxy == noProxy {
			w.(http.Flusher).Flush()
		}
		select {
		case event := <-events:
			m.gate(r)
			if json.NewEncoder(w).Encode(event) != nil || !watcher.stream {
				return
			}
		case <-broken:
			hangup(w, r)
		case <-r.Context().Done():
			return
		}
	}
}
