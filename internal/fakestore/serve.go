package fakestore

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ClusterID is that of the store.
const ClusterID = "7e27652122e8b2ae"

// about are answers that are not about keys.
var about = map[string]string{
	"/version":           `{"etcdserver":"3.5.35","etcdcluster":"3.5.0"}`,
	"/v2/members/leader": `{"id":"a1","name":"m1","peerURLs":["http://a:2380"],"clientURLs":["http://a"]}`,
}

// refusal is an answer with an errorCode.
type refusal struct {
	status, code   int
	message, cause string
}

func missing(key string) *refusal { return &refusal{404, 100, "Key not found", key} }

// answer is what comes of a request: one of the two.
type answer struct {
	event   event
	refusal *refusal
	made    bool // the status is 201
	list    *tree
}

func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, err := io.ReadAll(r.Body) // or the server would not notice a client that goes away
	if err != nil {
		return
	}
	if text, ok := about[r.URL.Path]; ok {
		s.header(w, s.present())
		fmt.Fprint(w, text)
		return
	}
	key, onKeys := strings.CutPrefix(r.URL.Path, "/v2/keys")
	if !onKeys {
		http.NotFound(w, r)
		return
	}
	params := r.URL.Query()
	values, _ := url.ParseQuery(string(form)) // the client of the library writes it
	for name, value := range values {
		params[name] = value
	}
	req := Request{Method: r.Method, Key: "/" + strings.Trim(key, "/"), Params: params, At: time.Now()}
	f := s.fault(req)
	if !s.pause(f.Before) {
		return
	}
	switch {
	case f.Hang:
		<-r.Context().Done()
		return
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Page:
		http.NotFound(w, r)
		return
	case f.Refuse:
		status, text := answer{refusal: &refusal{401, 110, "The request requires user authentication", "Insufficient credentials"}}.wire(s.present())
		s.header(w, s.present())
		w.WriteHeader(status)
		fmt.Fprint(w, text)
		return
	case f.Status != 0:
		s.header(w, s.present())
		w.WriteHeader(f.Status)
		return
	case req.Waits():
		if s.pause(f.After) {
			s.poll(w, r, req)
		}
		return
	}
	s.mu.Lock()
	s.expire()
	a := s.carryOut(req)
	index := s.index
	if a.list != nil {
		index = a.list.index
	}
	if f.Mute {
		index = 0
	}
	status, text := a.wire(index)
	s.mu.Unlock()
	if !s.pause(f.After) || f.Lose {
		panic(http.ErrAbortHandler)
	}
	s.header(w, index)
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// present returns the index of the store.
func (s *Store) present() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index
}

func (s *Store) header(w http.ResponseWriter, index uint64) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Etcd-Cluster-Id", ClusterID)
	w.Header().Set("X-Etcd-Index", strconv.FormatUint(index, 10))
}

// wire returns the answer as etcd writes it.
func (a answer) wire(index uint64) (status int, text string) {
	if r := a.refusal; r != nil {
		return r.status, marshal(map[string]any{"errorCode": r.code, "message": r.message, "cause": r.cause, "index": index})
	}
	status = 200
	if a.made {
		status = 201
	}
	if a.list != nil {
		return status, marshal(map[string]any{"action": "get", "node": a.list.wire(a.event.key, true)})
	}
	return status, a.event.wire()
}

func marshal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers cannot fail
	}
	return string(text) + "\n"
}

// wire returns a node of the tree and, of a directory, what is directly in it.
func (t *tree) wire(key string, open bool) map[string]any {
	wire := t.nodes[key].wire(key)
	if !open || !t.nodes[key].dir {
		return wire
	}
	var nodes []any
	for name := range t.nodes {
		base, inside := strings.CutPrefix(name, strings.TrimSuffix(key, "/")+"/")
		if inside && base != "" && !strings.Contains(base, "/") && !strings.HasPrefix(base, "_") {
			nodes = append(nodes, t.wire(name, false))
		}
	}
	wire["nodes"] = nodes
	return wire
}

// wire returns the fields of a node.
func (n *node) wire(key string) map[string]any {
	wire := map[string]any{"key": key, "createdIndex": n.created, "modifiedIndex": n.modified}
	if n.dir {
		wire["dir"] = true
	} else {
		wire["value"] = n.value
	}
	if !n.expires.IsZero() {
		left := time.Until(n.expires)
		wire["expiration"] = n.expires.UTC().Format(time.RFC3339Nano)
		wire["ttl"] = int64((left + time.Second - 1) / time.Second)
	}
	return wire
}
