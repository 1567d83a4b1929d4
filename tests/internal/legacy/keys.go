package legacy

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2error"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// onKey returns the handler of a method for a key.
func (m *Member) onKey(method, key string) handler {
	handle := map[string]func(w http.ResponseWriter, req *http.Request, key string) error{
		http.MethodGet:    m.get,
		http.MethodHead:   m.get,
		http.MethodPut:    m.put,
		http.MethodPost:   m.post,
		http.MethodDelete: m.delete,
	}[method]
	if handle == nil {
		return nil
	}
	return func(w http.ResponseWriter, req *http.Request) error { return handle(w, req, key) }
}

func (m *Member) get(w http.ResponseWriter, req *http.Request, key string) error {
	recursive, sorted := isTrue(req, "recursive"), isTrue(req, "sorted")
	switch {
	case isTrue(req, "quorum"):
		return m.dispatch(w, req, command{Op: opGet, Key: key, Recursive: recursive, Sorted: sorted})
	case isTrue(req, "consistent") && m.cluster.Leader() != m:
		redirect(w, req, m.cluster.leaderOf(m)) // without a leader to itself, again and again
		return nil
	case isTrue(req, "wait"):
		return m.watch(w, req, key, recursive)
	}
	m.mu.RLock()
	event, err := m.store.get(key, recursive, sorted)
	m.mu.RUnlock()
	if err != nil || req.Method == http.MethodHead {
		return err // a HEAD of a key that exists has no headers
	}
	m.inBetween(req)
	m.writeHeaders(w, m.Index(), http.StatusOK)
	m.write(w, event)
	return nil
}

func (m *Member) put(w http.ResponseWriter, req *http.Request, key string) error {
	cmd := command{Op: opSet, Key: key, Value: req.Form.Get("value"), Dir: isTrue(req, "dir")}
	var err error
	if cmd.Time, err = expiration(req.Form.Get("ttl")); err != nil {
		return m.newError(v2error.EcodeTTLNaN, "Update")
	}
	_, byValue := req.Form["prevValue"]
	_, byIndex := req.Form["prevIndex"]
	switch exist := req.FormValue("prevExist"); {
	case exist == "false": // the other conditions do not count
		cmd.Op = opCreate
	case byValue || byIndex || exist != "true" && req.Form.Has("prevExist"):
		cmd.Op = opCompareAndSwap
		err = m.compares(req, "CompareAndSwap", &cmd)
	case exist == "true":
		cmd.Op = opUpdate
		if cmd.Value == "" && cmd.Time.IsZero() {
			err = m.newError(codeValueOrTTLRequired, "Update")
		}
	}
	if err != nil {
		return err
	}
	return m.dispatch(w, req, cmd)
}

func (m *Member) post(w http.ResponseWriter, req *http.Request, key string) error {
	cmd := command{Op: opCreateInOrder, Key: key, Value: req.FormValue("value"), Dir: isTrue(req, "dir")}
	var err error
	if cmd.Time, err = expiration(req.FormValue("ttl")); err != nil {
		return m.newError(v2error.EcodeTTLNaN, "Create")
	}
	return m.dispatch(w, req, cmd)
}

func (m *Member) delete(w http.ResponseWriter, req *http.Request, key string) error {
	cmd := command{Op: opDelete, Key: key, Dir: isTrue(req, "dir"), Recursive: isTrue(req, "recursive")}
	if req.Form.Has("prevValue") || req.Form.Has("prevIndex") {
		cmd.Op = opCompareAndDelete
		if err := m.compares(req, "CompareAndDelete", &cmd); err != nil {
			return err
		}
	}
	return m.dispatch(w, req, cmd)
}

// compares reads the conditions of a comparison. That a parameter is there makes one: the index 0 is equal to
// any, so the key only has to exist.
func (m *Member) compares(req *http.Request, operation string, cmd *command) (err error) {
	cmd.PrevValue = req.Form.Get("prevValue")
	if req.Form.Has("prevIndex") {
		if cmd.PrevIndex, err = strconv.ParseUint(req.Form.Get("prevIndex"), 10, 64); err != nil {
			return m.newError(v2error.EcodeIndexNaN, operation)
		}
	}
	if req.Form.Has("prevValue") && cmd.PrevValue == "" {
		return m.newError(v2error.EcodePrevValueRequired, operation)
	}
	return nil
}

// expiration returns when a key with the TTL expires, or zero for never. Signs are allowed.
func expiration(ttl string) (time.Time, error) {
	if ttl == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.Atoi(ttl)
	return time.Now().Add(time.Duration(seconds) * time.Second), err
}

// dispatch applies a command if m leads. If not, it redirects to the member that m takes for the leader. The
// header tells the index of the node, which for a read is not that of the store.
func (m *Member) dispatch(w http.ResponseWriter, req *http.Request, cmd command) error {
	event, err, led := m.cluster.propose(m, cmd)
	if !led {
		if leader := m.cluster.leaderOf(m); leader != nil {
			redirect(w, req, leader)
			return nil
		}
		return m.newError(v2error.EcodeRaftInternal, "")
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if event.IsCreated() {
		status = http.StatusCreated
	}
	m.writeHeaders(w, event.Node.ModifiedIndex, status)
	m.write(w, event)
	return nil
}

// redirect names the same path and query at the leader, or at nobody if it is nil.
func redirect(w http.ResponseWriter, req *http.Request, leader *Member) {
	target := &url.URL{}
	if leader != nil {
		target.Scheme, target.Host = "http", leader.clients.address
	}
	target.Path, target.RawQuery = req.URL.Path, req.URL.RawQuery
	http.Redirect(w, req, target.String(), http.StatusTemporaryRedirect)
}

// writeHeaders writes the headers of an answer about keys. There never is an ID of the cluster.
func (m *Member) writeHeaders(w http.ResponseWriter, index uint64, status int) {
	raftIndex, raftTerm := m.cluster.raft()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Etcd-Index", fmt.Sprint(index))
	w.Header().Set("X-Raft-Index", fmt.Sprint(raftIndex))
	w.Header().Set("X-Raft-Term", fmt.Sprint(raftTerm))
	w.WriteHeader(status)
}

// write writes an event, without a line feed. Commands that are applied meanwhile change its times.
func (m *Member) write(w http.ResponseWriter, event *v2store.Event) {
	m.mu.RLock()
	text := encode(event)
	m.mu.RUnlock()
	_, _ = w.Write(text) // to a client that has gone, perhaps
}
