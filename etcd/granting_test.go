package etcd

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/etcdv2/client/gen"
)

// granting answers any request on keys as etcd does when it grants it: with an event at index. What is read is
// a file with the value "v".
func granting(index int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			panic(err)
		}
		key, value, at := "/"+strings.Trim(strings.TrimPrefix(r.URL.Path, "/v2/keys"), "/"), r.Form.Get("value"), uint64(index)
		node := &gen.Node{Key: key, Value: &value, ModifiedIndex: at, CreatedIndex: at}
		action := granted(r)
		switch {
		case action == ActionGet:
			value = "v"
		case r.Method == http.MethodPost:
			node.Key = strings.TrimSuffix(node.Key, "/") + "/" + strconv.Itoa(index)
		case r.Form.Get("dir") == "true":
			node.Dir = true
		}
		event, err := json.Marshal(gen.Event{Action: gen.Action(action), Node: node})
		if err != nil {
			panic(err)
		}
		keys(http.StatusOK, index, string(event)+"\n")(w, r)
	}
}

// granted returns the action of a request with a parsed form.
func granted(r *http.Request) Action {
	compares := r.Form.Has("prevIndex") || r.Form.Has("prevValue")
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return ActionGet
	case r.Method == http.MethodDelete && compares:
		return ActionCompareAndDelete
	case r.Method == http.MethodDelete:
		return ActionDelete
	case r.Method == http.MethodPost || r.Form.Get("prevExist") == "false":
		return ActionCreate
	case compares:
		return ActionCompareAndSwap
	case r.Form.Get("prevExist") == "true":
		return ActionUpdate
	}
	return ActionSet
}

// nameless answers as reply does, but without the cluster's ID, as etcd 0.x does.
func nameless(reply http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { reply(withoutID{w}, r) }
}

type withoutID struct{ http.ResponseWriter }

func (w withoutID) Flush() {
	w.Header().Del("X-Etcd-Cluster-Id")
	w.ResponseWriter.(http.Flusher).Flush()
}

func (w withoutID) WriteHeader(status int) {
	w.Header().Del("X-Etcd-Cluster-Id")
	w.ResponseWriter.WriteHeader(status)
}

// asEtcd0 makes s a server of etcd 0.x, and returns it. What it answers by itself carries no ID.
func (s *server) asEtcd0() *server {
	s.aside = map[string]http.HandlerFunc{indexLine: nameless(keys(404, 7, ""))}
	return s
}

// granting answers as what is asked for would be answered.
func TestGrantingFitsEveryWrite(t *testing.T) {
	for name, do := range writes {
		check(t, name, do(t.Context(), connect(t, serve(t, granting(3)).url)), error(nil))
	}
}
