package gateway_test

import (
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/etcdv2/client/etcd"
)

// request is a request on keys as it arrives at a gateway.
type request struct {
	*http.Request
	body []byte
	key  string
	form url.Values // query and form together
}

func readRequest(r *http.Request) (*request, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	for name, values := range r.URL.Query() {
		form[name] = append(form[name], values...)
	}
	return &request{r, body, strings.TrimPrefix(r.URL.Path, "/v2/keys"), form}, nil
}

func (r *request) writes() bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

func (r *request) watches() bool { return r.form.Has("wait") }

// action returns the action of etcd's answer to a request that succeeds.
func (r *request) action() etcd.Action {
	compares := r.form.Has("prevIndex") || r.form.Has("prevValue")
	switch {
	case !r.writes():
		return etcd.ActionGet
	case r.Method == http.MethodPost, r.form.Get("prevExist") == "false":
		return etcd.ActionCreate
	case r.Method == http.MethodDelete && compares:
		return etcd.ActionCompareAndDelete
	case r.Method == http.MethodDelete:
		return etcd.ActionDelete
	case compares:
		return etcd.ActionCompareAndSwap
	case r.form.Get("prevExist") == "true":
		return etcd.ActionUpdate
	}
	return etcd.ActionSet
}

// mayGet reports whether a could be an answer to r. Gateways do not replace the answer by such a one, because
// nobody could tell it from a current answer.
func (r *request) mayGet(a *answer) bool {
	said := a.said()
	switch {
	case r.Method == http.MethodHead: // its answers have no body that would identify them
		return a.status == http.StatusOK || a.status == http.StatusNotFound || a.status == http.StatusBadRequest
	case said.Code != 0:
		return r.mayFail(said)
	case said.Node.Key == "":
		return true
	case r.watches():
		return said.Action != etcd.ActionGet
	case r.Method == http.MethodPost:
		return said.Action == etcd.ActionCreate && path.Dir(said.Node.Key) == r.key
	}
	return said.Action == r.action() && said.Node.Key == r.key
}

// mayFail reports whether etcd could refuse r with this error.
func (r *request) mayFail(said *said) bool {
	mine := said.Cause == r.key || strings.HasPrefix(r.key, said.Cause+"/")
	action := r.action()
	compares := action == etcd.ActionCompareAndSwap || action == etcd.ActionCompareAndDelete
	switch said.Code {
	case etcd.ErrKeyNotFound:
		return mine && action != etcd.ActionSet && action != etcd.ActionCreate
	case etcd.ErrNodeExist:
		return mine && action == etcd.ActionCreate && r.Method == http.MethodPut
	case etcd.ErrCompareFailed:
		index, value := r.form.Get("prevIndex"), r.form.Get("prevValue")
		return compares && (value != "" && strings.Contains(said.Cause, "["+value+" != ") ||
			index != "" && strings.Contains(said.Cause, "["+index+" != "))
	}
	return true
}
