package legacy

import (
	"net/http"
	"strconv"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2error"
)

// watch answers with the first event, or with stream=true with one after another, with nothing between them.
// The header goes first. Its index is looked at when the watch has begun, so it can be ahead of where it
// began.
func (m *Member) watch(w http.ResponseWriter, req *http.Request, key string, recursive bool) error {
	var from uint64
	if text := req.FormValue("waitIndex"); text != "" {
		var err error
		if from, err = strconv.ParseUint(text, 10, 64); err != nil {
			return m.newError(v2error.EcodeIndexNaN, "Watch From Index")
		}
	}
	streams := isTrue(req, "stream")
	m.mu.Lock()
	watcher, err := m.store.watch(key, recursive, streams, from)
	var one *stream
	if err == nil && streams {
		one = m.store.stream(watcher)
	}
	m.mu.Unlock()
	switch {
	case err != nil:
		return err
	case req.Method == http.MethodHead:
		panic(http.ErrAbortHandler) // and the watcher stays for ever
	}
	m.inBetween(req)
	m.writeHeaders(w, m.Index(), http.StatusOK)
	w.(http.Flusher).Flush()
	if streams {
		m.serveStream(w, req, one)
		return nil
	}
	select {
	case event := <-watcher.EventChan():
		m.write(w, event)
	case <-req.Context().Done():
		watcher.Remove()
	}
	return nil
}

func (m *Member) serveStream(w http.ResponseWriter, req *http.Request, one *stream) {
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.store.endStream(one)
	}()
	for {
		select {
		case event := <-one.events:
			m.write(w, event)
			w.(http.Flusher).Flush()
		case <-req.Context().Done():
			return
		}
	}
}
