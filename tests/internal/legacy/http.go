package legacy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2error"
)

// ServeHTTP answers a request of a client. Every answer is flushed before it ends, so none has a
// Content-Length.
func (m *Member) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	defer w.(http.Flusher).Flush() // also when the handler panics
	m.asked(req)
	m.serve(w, req)
}

func (m *Member) serve(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.Method == http.MethodOptions: // for browsers, on every path
	case cleanPath(req.URL.Path) != req.URL.Path:
		clean := *req.URL
		clean.Path = cleanPath(clean.Path)
		w.Header().Set("Location", clean.String())
		w.WriteHeader(http.StatusMovedPermanently)
	default:
		m.route(w, req)
	}
}

// cleanPath removes what is empty, . or .. from a path, and leaves a slash at its end.
func cleanPath(p string) string {
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// handler answers a request, or returns the error that is the answer.
type handler func(w http.ResponseWriter, req *http.Request) error

// route finds the handler for a path and a method. What has none is a 404, whichever of them is wrong.
func (m *Member) route(w http.ResponseWriter, req *http.Request) {
	if strings.HasPrefix(req.URL.Path, "/v2") {
		lowerTheWords(req)
	}
	handle := m.handlerOf(req)
	if handle == nil {
		http.NotFound(w, req)
		return
	}
	if req.Method == http.MethodHead {
		w = withoutBody{w}
	}
	if err := handle(w, req); err != nil {
		writeError(w, err)
	}
}

func (m *Member) handlerOf(req *http.Request) handler {
	reads := req.Method == http.MethodGet || req.Method == http.MethodHead
	// The route of the keys matches no line feed.
	if key, ok := strings.CutPrefix(req.URL.Path, "/v2/keys/"); ok && !strings.Contains(key, "\n") {
		return m.onKey(req.Method, "/"+key)
	}
	switch {
	case req.URL.Path == "/version" && req.Method == http.MethodGet:
		return m.version
	case reads:
		return map[string]handler{
			"/v2/leader":       m.leader,
			"/v2/machines":     m.machines,
			"/v2/peers":        m.machines,
			"/v2/stats/self":   m.selfStats,
			"/v2/stats/leader": m.leaderStats,
			"/v2/stats/store":  m.storeStats,
		}[req.URL.Path]
	}
	return nil
}

// lowerTheWords makes every parameter lower case that is the word true or false, the value of a key as well.
// If the query or the form cannot be parsed it does nothing: what could be read counts, the rest is missing.
func lowerTheWords(req *http.Request) {
	if req.ParseForm() != nil {
		return
	}
	for _, values := range req.Form {
		for i, value := range values {
			if word := strings.ToLower(value); word == "true" || word == "false" {
				values[i] = word
			}
		}
	}
}

// isTrue reports whether a parameter is the word true. Any other text, 1 and t included, is false.
func isTrue(req *http.Request, name string) bool { return req.FormValue(name) == "true" }

// withoutBody is the writer for a HEAD.
type withoutBody struct{ http.ResponseWriter }

// Write writes nothing.
func (withoutBody) Write([]byte) (int, error) { return 0, nil }

// codeValueOrTTLRequired is a code that etcd 3.5 no longer has.
const codeValueOrTTLRequired = 204

// newError returns an error of etcd with the index that m has reached.
func (m *Member) newError(code int, cause string) error {
	err := v2error.NewError(code, cause, m.Index())
	if code == codeValueOrTTLRequired {
		err.Message = "Value or TTL is required in POST form"
	}
	return err
}

// writeError writes an error of etcd, or the text of another one.
func writeError(w http.ResponseWriter, err error) {
	var refusal *v2error.Error
	if !errors.As(err, &refusal) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Etcd-Index", fmt.Sprint(refusal.Index))
	w.WriteHeader(statusOf(refusal.ErrorCode))
	text, err := json.Marshal(refusal)
	if err != nil {
		panic(err) // it holds texts and numbers
	}
	_, _ = io.WriteString(w, string(text)+"\n")
}

func statusOf(code int) int {
	switch code {
	case v2error.EcodeKeyNotFound:
		return http.StatusNotFound
	case v2error.EcodeNotFile, v2error.EcodeDirNotEmpty:
		return http.StatusForbidden
	case v2error.EcodeTestFailed, v2error.EcodeNodeExist:
		return http.StatusPreconditionFailed
	}
	if code/100 == 3 {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}
