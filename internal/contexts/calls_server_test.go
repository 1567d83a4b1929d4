package contexts_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// server is as much of an etcd as a lock and a mirror need. It can be told to fail.
type server struct {
	mu    sync.Mutex
	index int
	nodes map[string]node
	left  int           // how many requests it still answers; negative for all
	sick  []string      // the methods that it answers with a failure
	gone  chan struct{} // closed when it says that the keys of locks are gone
}

type node struct {
	value string
	index int
}

// others are answers that are not about keys: lists, of which the parts are asked for one by one.
var others = map[string]string{
	"/version":           `{"etcdserver":"2.3.8","etcdcluster":"2.3.0"}`,
	"/v2/machines":       "http://a,http://b",
	"/v2/members":        `{"members":[` + member + `]}`,
	"/v2/members/leader": member,
	"/v2/auth/roles":     `{"roles":["a","b"]}`,
	"/v2/auth/roles/a":   `{"role":"a","permissions":{"kv":{"read":[],"write":[]}}}`,
	"/v2/auth/users":     `{"users":["a","b"]}`,
	"/v2/auth/users/a":   `{"user":"a","roles":[]}`,
}

const member = `{"id":"a1","name":"m1","peerURLs":["http://a:2380"],"clientURLs":["http://a"]}`

func newServer() *server {
	return &server{index: 7, left: -1, gone: make(chan struct{}), nodes: map[string]node{"/d/k": {"v", 7}}}
}

// hangAfter makes the server answer so many requests more, and none after them.
func (s *server) hangAfter(requests int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = requests
}

// fail makes the server answer all requests of the methods with a failure.
func (s *server) fail(methods ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sick = methods
}

// forget makes the server forget its keys.
func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.nodes)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // or the server would not notice a client that goes away
	if err != nil {
		return
	}
	s.mu.Lock()
	hangs, polls := s.left == 0, r.URL.Query().Get("wait") == "true"
	if s.left > 0 {
		s.left--
	}
	s.mu.Unlock()
	if hangs || polls && !s.isGone(r) {
		<-r.Context().Done()
		return
	}
	status, text := s.answer(r, string(body))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Etcd-Cluster-Id", "7e27652122e8b2ae")
	s.mu.Lock()
	w.Header().Set("X-Etcd-Index", strconv.Itoa(s.index))
	s.mu.Unlock()
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// isGone waits for gone in a poll of a lock's key.
func (s *server) isGone(r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/v2/keys/locks/") {
		return false
	}
	select {
	case <-s.gone:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *server) answer(r *http.Request, body string) (status int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, onKeys := strings.CutPrefix(r.URL.Path, "/v2/keys")
	found, exists := s.nodes[key]
	switch {
	case slices.Contains(s.sick, r.Method):
		return 503, ""
	case others[r.URL.Path] != "":
		return 200, others[r.URL.Path]
	case !onKeys:
		return 400, `{"message":"bad request"}`
	case r.Method == http.MethodPut && (exists || !r.URL.Query().Has("prevIndex")), r.Method == http.MethodPost:
		s.index++
		form, _ := url.ParseQuery(body)
		if r.Method == http.MethodPost {
			key = fmt.Sprintf("%s/%d", key, s.index)
		}
		s.nodes[key] = node{form.Get("value"), s.index}
		return 201, fmt.Sprintf(`{"action":%q,"node":%s}`, action(r, form), s.file(key))
	case r.Method == http.MethodDelete && exists:
		s.index++
		delete(s.nodes, key)
		return 200, fmt.Sprintf(`{"action":%q,"node":{"key":%q,"modifiedIndex":%d,"createdIndex":%d}}`,
			action(r, nil), key, s.index, found.index)
	case r.URL.Query().Get("wait") == "true":
		s.index++
		return 200, fmt.Sprintf(`{"action":"expire","node":{"key":%q,"modifiedIndex":%d,"createdIndex":%d}}`, key, s.index, found.index)
	case exists && r.Method == http.MethodGet:
		return 200, fmt.Sprintf(`{"action":"get","node":%s}`, s.file(key))
	case r.Method == http.MethodHead && exists:
		return 200, ""
	}
	return s.list(key)
}

// action returns what etcd calls the write r, which has the form.
func action(r *http.Request, form url.Values) string {
	query := r.URL.Query()
	compares := query.Has("prevIndex") || query.Has("prevValue") || form.Has("prevValue")
	switch {
	case r.Method == http.MethodDelete && compares:
		return "compareAndDelete"
	case r.Method == http.MethodDelete:
		return "delete"
	case r.Method == http.MethodPost || query.Get("prevExist") == "false":
		return "create"
	case compares:
		return "compareAndSwap"
	case query.Get("prevExist") == "true":
		return "update"
	}
	return "set"
}

// list answers a read of a directory, or of a key that is missing.
func (s *server) list(dir string) (status int, text string) {
	var files []string
	for key := range s.nodes {
		if strings.HasPrefix(key, dir+"/") {
			files = append(files, key)
		}
	}
	if len(files) == 0 {
		return 404, fmt.Sprintf(`{"errorCode":100,"message":"Key not found","cause":%q,"index":%d}`, dir, s.index)
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(s.nodes[a].index, s.nodes[b].index) })
	for i, key := range files {
		files[i] = s.file(key)
	}
	return 200, fmt.Sprintf(`{"action":"get","node":{"key":%q,"dir":true,"nodes":[%s],"modifiedIndex":7,"createdIndex":7}}`, dir, strings.Join(files, ","))
}

// file returns the JSON of a file. It lives for long: the clock of a synctest bubble begins in the year 2000.
func (s *server) file(key string) string {
	return fmt.Sprintf(`{"key":%q,"value":%q,"expiration":"2001-01-01T00:00:00Z","ttl":60,"modifiedIndex":%d,"createdIndex":%d}`,
		key, s.nodes[key].value, s.nodes[key].index, s.nodes[key].index)
}
