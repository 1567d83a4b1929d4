package fakestore

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// event is a change of a key.
type event struct {
	action, key string
	node        node
	prev        *node
}

func (e event) wire() string {
	n := e.node.wire(e.key)
	if e.action == "delete" || e.action == "expire" || e.action == "compareAndDelete" {
		delete(n, "value")
	}
	wire := map[string]any{"action": e.action, "node": n}
	if e.prev != nil {
		wire["prevNode"] = e.prev.wire(e.key)
	}
	return marshal(wire)
}

// poll answers with the first event from waitIndex on, or from now on; a stream with all that come.
func (s *Store) poll(w http.ResponseWriter, r *http.Request, req Request) {
	s.mu.Lock()
	s.expire()
	known, cut := s.seen(), s.cut
	from, _ := strconv.ParseUint(req.Params.Get("waitIndex"), 10, 64) // the client of the library writes it
	if from == 0 {
		from = known + 1
	}
	if oldest := s.oldest(); from < oldest {
		status, text := answer{refusal: &refusal{
			400, 401, "The event in requested index is outdated and cleared",
			fmt.Sprintf("the requested history has been cleared [%d/%d]", oldest, from),
		}}.wire(known)
		s.mu.Unlock()
		s.header(w, known)
		w.WriteHeader(status)
		fmt.Fprint(w, text)
		return
	}
	s.mu.Unlock()
	s.header(w, known)
	w.WriteHeader(http.StatusOK)
	for flush := http.NewResponseController(w); flush.Flush() == nil; {
		s.mu.Lock()
		e := s.first(req, from)
		changed := s.changed
		s.mu.Unlock()
		if e != nil {
			from = e.node.modified + 1
			fmt.Fprint(w, e.wire())
			if req.Params.Get("stream") != "true" {
				return
			}
			continue
		}
		select {
		case <-changed:
		case <-cut:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		case <-s.done:
			return
		}
	}
}

// seen returns the index up to which polls see events. The caller holds mu.
func (s *Store) seen() uint64 {
	if s.copy != nil {
		return s.copy.index
	}
	return s.index
}

// oldest returns the first index that a poll can begin at. The caller holds mu.
func (s *Store) oldest() uint64 {
	if len(s.log) == 0 {
		return s.index
	}
	return s.log[0].node.modified
}

// first returns the first event from an index on that the poll is for. The caller holds mu.
func (s *Store) first(poll Request, from uint64) *event {
	for _, e := range s.log {
		if e.node.modified >= from && e.node.modified <= s.seen() && e.isFor(poll) {
			return &e
		}
	}
	return nil
}

// isFor reports whether the event is for that poll. One of a directory that is gone is for all that was in it.
func (e *event) isFor(poll Request) bool {
	name, inside := strings.CutPrefix(e.key, strings.TrimSuffix(poll.Key, "/"))
	switch {
	case name == "" && inside:
		return true
	case e.prev != nil && e.prev.dir && (e.action == "delete" || e.action == "expire"):
		if strings.HasPrefix(poll.Key, e.key+"/") {
			return true
		}
	}
	return poll.Params.Get("recursive") == "true" && inside && name[0] == '/' && !strings.Contains(name, "/_")
}
