package fakestore

import (
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// carryOut does what a request asks for. The caller holds mu.
func (s *Store) carryOut(r Request) answer {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return s.read(r)
	case http.MethodDelete:
		return s.remove(r)
	case http.MethodPost:
		r.Key = fmt.Sprintf("%s/%020d", r.Key, s.index+1)
		r.Params.Set("prevExist", "false")
	}
	return s.write(r)
}

func (s *Store) read(r Request) answer {
	t := s.now()
	if s.copy != nil && !r.Quorum() {
		t = s.copy
	}
	if t.nodes[r.Key] == nil {
		return answer{refusal: missing(r.Key)}
	}
	return answer{event: event{key: r.Key}, list: t}
}

func (s *Store) remove(r Request) answer {
	n := s.nodes[r.Key]
	dir, recursive := r.Params.Get("dir") == "true", r.Params.Get("recursive") == "true"
	switch {
	case n == nil:
		return answer{refusal: missing(r.Key)}
	case n.dir && !dir && !recursive:
		return answer{refusal: &refusal{403, 102, "Not a file", r.Key}}
	case n.dir && !recursive && len(s.below(r.Key)) > 0:
		return answer{refusal: &refusal{403, 108, "Directory not empty", r.Key}}
	}
	action := "delete"
	if r.compares() {
		if differ := n.differs(r); differ != "" {
			return answer{refusal: &refusal{412, 101, "Compare failed", differ}}
		}
		action = "compareAndDelete"
	}
	return answer{event: s.take(action, r.Key)}
}

func (s *Store) write(r Request) answer {
	n, exist := s.nodes[r.Key], r.Params.Get("prevExist")
	for dir := path.Dir(r.Key); dir != "/"; dir = path.Dir(dir) {
		if above := s.nodes[dir]; above != nil && !above.dir {
			return answer{refusal: &refusal{400, 104, "Not a directory", dir}}
		}
	}
	action := "set"
	switch {
	case n != nil && exist == "false":
		return answer{refusal: &refusal{412, 105, "Key already exists", r.Key}}
	case n == nil && (exist == "true" || r.compares()):
		return answer{refusal: missing(r.Key)}
	case n != nil && n.dir:
		return answer{refusal: &refusal{403, 102, "Not a file", r.Key}}
	case exist == "false":
		action = "create"
	case r.compares():
		if differ := n.differs(r); differ != "" {
			return answer{refusal: &refusal{412, 101, "Compare failed", differ}}
		}
		action = "compareAndSwap"
	case exist == "true":
		action = "update"
	}
	written := node{value: r.Params.Get("value"), dir: r.Params.Get("dir") == "true"}
	if seconds, err := strconv.Atoi(r.Params.Get("ttl")); err == nil {
		written.expires = time.Now().Add(time.Duration(seconds) * time.Second)
	}
	return answer{event: s.put(action, r.Key, written), made: n == nil}
}

// below returns the names of what is in a directory. The caller holds mu.
func (s *Store) below(dir string) (names []string) {
	for name := range s.nodes {
		if strings.HasPrefix(name, dir+"/") {
			names = append(names, name)
		}
	}
	return names
}

// compares reports whether r is to be carried out only on a certain value or index.
func (r Request) compares() bool { return r.Params.Has("prevIndex") || r.Params.Has("prevValue") }

// differs returns how n differs from what r compares with, in etcd's words.
func (n *node) differs(r Request) string {
	var differ []string
	if value := r.Params.Get("prevValue"); value != "" && value != n.value {
		differ = append(differ, fmt.Sprintf("[%s != %s]", value, n.value))
	}
	index, _ := strconv.ParseUint(r.Params.Get("prevIndex"), 10, 64) // the client of the library writes it
	if index != 0 && index != n.modified {
		differ = append(differ, fmt.Sprintf("[%d != %d]", index, n.modified))
	}
	return strings.Join(differ, " ")
}
