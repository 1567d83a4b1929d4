package etcd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/etcdv2/client/internal/fakenet"
)

// quiet is for servers whose complaints are part of the test.
var quiet = log.New(io.Discard, "", 0)

// Endpoints that refuse every connection. Ports below 1024 are never given out for ":0", so
// that no other test's server can come to listen there.
const (
	closedPort  = "http://127.0.0.1:1"
	closedPort2 = "http://127.0.0.1:2"
)

// server is a member that follows a script: it answers its first request with the first reply, and so
// on, all later ones with the last, and it keeps what it was sent. The question for its index, which
// can precede a write, and what a running watch asks beside its polls, it answers by itself, out of
// aside, and keeps nothing of them.
type server struct {
	url      string
	replies  []http.HandlerFunc
	aside    map[string]http.HandlerFunc // by method and target; nil for what a healthy member answers
	scripted bool                        // the question for the index belongs to the script, too

	mu       sync.Mutex
	watched  bool     // a watch has been here
	requests []string // method, target and form, as in "PUT /v2/keys/a?prevExist=false value=b"
	headers  []http.Header
}

// What is asked about the member that a watch waits on.
const (
	leaderLine  = "GET /v2/members/leader"
	indexLine   = "HEAD /v2/keys/_etcdv2/none"
	changeLine  = "GET /v2/keys/?recursive=true&wait=true"
	versionLine = "GET /version"
)

// healthy is what a member answers that is well, and where nothing happens.
var healthy = map[string]http.HandlerFunc{
	leaderLine:  text(200, `{"id":"8211f1d0f64f3269","name":"m1","clientURLs":[]}`),
	indexLine:   keys(401, 0, ""),
	changeLine:  silent(0),
	versionLine: text(200, `{"etcdserver":"3.5.35","etcdcluster":"3.5.0"}`),
}

// serve starts a server on a socket.
func serve(t *testing.T, replies ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{replies: replies}
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	s.url = listener.URL
	return s
}

// lineAsked returns method and target; of the question for changes without its index, which depends on
// much.
func lineAsked(r *http.Request) string {
	if r.Method == http.MethodHead && strings.HasSuffix(r.URL.Path, "/keys/"+noKey) {
		return indexLine // whatever stands before it
	}
	line := r.Method + " " + r.RequestURI
	if strings.HasPrefix(line, changeLine+"&") {
		return changeLine
	}
	return line
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The body is read to its end, or the server would not notice a client that goes away.
	form, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up: the request has not arrived
	}
	r.Body = io.NopCloser(bytes.NewReader(form))
	line := lineAsked(r)
	if len(form) > 0 {
		line += " " + string(form)
	}
	s.mu.Lock()
	s.watched = s.watched || isPoll(r)
	reply := s.aside[line]
	if reply == nil {
		reply = healthy[line]
	}
	if reply != nil && (s.watched || line == indexLine && !s.scripted) {
		s.mu.Unlock()
		reply(w, r)
		return
	}
	reply = s.replies[min(len(s.requests), len(s.replies)-1)]
	s.requests = append(s.requests, line)
	s.headers = append(s.headers, r.Header)
	s.mu.Unlock()
	reply(w, r)
}

// isPoll reports whether r is a request of a watch, which is answered when there is an event.
func isPoll(r *http.Request) bool { return r.URL.Query().Get("wait") == "true" }

// got returns the requests so far.
func (s *server) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// expected returns the lines of got without the polls that are not in want: a watch reads ahead.
func expected(got, want []string) []string {
	return slices.DeleteFunc(got, func(line string) bool {
		return strings.Contains(line, "wait=true") && !slices.Contains(want, line)
	})
}

// checkSent compares what was sent so far, but for the polls with which a watch reads ahead.
func (s *server) checkSent(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	check(t, "requests", expected(s.got(), want), want)
}

// text answers with body; headers are names, each followed by its value.
func text(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		if isAdmin(r) && (body == "" || body[0] == '{') && status != http.StatusUnauthorized {
			w.Header().Set("X-Etcd-Cluster-Id", "7e27652122e8b2ae")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// isAdmin reports whether r is about members or users. Etcd answers with the cluster's ID then.
func isAdmin(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/members") || strings.Contains(r.URL.Path, "/auth/")
}

// keys answers as etcd answers a call on keys, with its headers.
func keys(status, index int, body string) http.HandlerFunc {
	return text(status, body, "Content-Type", "application/json",
		"X-Etcd-Cluster-Id", "7e27652122e8b2ae", "X-Etcd-Index", strconv.Itoa(index),
		"X-Raft-Index", strconv.Itoa(index+1000), "X-Raft-Term", "2")
}

// file answers with an event on a file, which is at index.
func file(action, key, value string, index int) http.HandlerFunc {
	return keys(200, index, fmt.Sprintf(
		`{"action":%q,"node":{"key":%q,"value":%q,"modifiedIndex":%d,"createdIndex":%d}}`+"\n",
		action, key, value, index, index))
}

// directory answers a read of an empty directory.
func directory(key string, index int) http.HandlerFunc {
	return keys(200, index, fmt.Sprintf(
		`{"action":"get","node":{"key":%q,"dir":true,"modifiedIndex":%d,"createdIndex":%d}}`+"\n", key, index, index))
}

// refusing answers with an errorCode.
func refusing(status int, code ErrorCode, cause string, index int) http.HandlerFunc {
	return keys(status, index, fmt.Sprintf(
		`{"errorCode":%d,"message":"Message %d","cause":%q,"index":%d}`+"\n", code, code, cause, index))
}

// hang answers nothing until the client goes away.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// hangup closes the connection without an answer: the client sees EOF.
func hangup(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// reset breaks the connection: the client sees ECONNRESET.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		panic(err)
	}
	conn.Close()
}

// cut announces a longer body than it sends.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	fmt.Fprint(w, `{"action":"set","node":{`)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// held is a reply that never comes, and tells when it began and ended.
type held struct{ begun, ended chan struct{} }

func newHeld() *held { return &held{make(chan struct{}), make(chan struct{})} }

// answer holds up to one request.
func (h *held) answer(w http.ResponseWriter, r *http.Request) {
	close(h.begun)
	hang(w, r)
	close(h.ended)
}

// connect returns a client that ends with the test.
func connect(t *testing.T, endpoints ...string) *Client {
	t.Helper()
	return connectWith(t, Config{Endpoints: endpoints})
}

func connectWith(t *testing.T, config Config) *Client {
	t.Helper()
	return connectBy(t, config, config.Dial)
}

// connectBy returns a client whose connections dial makes, if it is set. It leaves nothing to chance: the
// members are tried as they are listed.
func connectBy(t *testing.T, config Config, dial dialer) *Client {
	t.Helper()
	config.Dial = dial
	config, err := config.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	ofCluster := config.cluster()
	ofCluster.Shuffle = func(int, func(i, j int)) {}
	client, err := newClient(config, ofCluster)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// network is a network in memory of which the servers follow scripts.
type network struct{ fakenet.Network }

// serve starts a server at http://name.
func (n *network) serve(t *testing.T, name string, replies ...http.HandlerFunc) *server {
	s := &server{replies: replies}
	s.url = n.Serve(t, name, s)
	return s
}

// connect returns a client on the network; it has the transport that every other client has.
func (n *network) connect(t *testing.T, config Config) *Client {
	return connectBy(t, config, n.Dial)
}

// roundTrip is a transport that is not an *http.Transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// wireReply parses a reply as it stands on the wire, to a request of method for /v2/keys/k.
func wireReply(t *testing.T, method, reply string) (*http.Response, []byte) {
	t.Helper()
	req := httptest.NewRequest(method, "http://10.0.0.1:2379/v2/keys/k", nil)
	head, body, _ := strings.Cut(reply, "\n\n")
	head = strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n"
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head+body)), req)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodHead {
		return resp, nil
	}
	return resp, []byte(body)
}

// check compares by value.
func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %#v\nwant %#v", what, got, want)
	}
}

// checkIs fails unless err is every one of targets, and has a text in the style of all errors.
func checkIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	if err != nil {
		checkStyle(t, err)
	}
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("error %v\nis not %v", err, target)
		}
	}
}

// checkStyle fails unless the text of err begins with the name of the package, which is nowhere else in it. The error of
// a context has its own text.
func checkStyle(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if names := strings.Count(text, "etcd: "); !strings.HasPrefix(text, "context ") && (!strings.HasPrefix(text, "etcd: ") || names > 1) {
		t.Errorf("the text of an error has not the one style: %s", text)
	}
}

// checkNot fails if err is nil or any one of targets.
func checkNot(t *testing.T, err error, targets ...error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	}
	for _, target := range targets {
		if errors.Is(err, target) {
			t.Errorf("error %v\nis %v", err, target)
		}
	}
}

// checkEnded fails unless err says that ctx has ended, with its cause in the text and not in the chain.
func checkEnded(t *testing.T, ctx context.Context, err error) {
	t.Helper()
	checkIs(t, err, ctx.Err())
	cause := context.Cause(ctx)
	if !errors.Is(ctx.Err(), cause) && errors.Is(err, cause) {
		t.Errorf("error %v\nunwraps to the cause %v", err, cause)
	}
	if err != nil && !strings.Contains(err.Error(), cause.Error()) {
		t.Errorf("error %v\ndoes not name the cause %v", err, cause)
	}
}

// status returns the HTTP status of the reply that err tells of, or 0 where it tells of none.
func status(err error) int {
	var reply *Error
	if errors.As(err, &reply) {
		return reply.StatusCode
	}
	return 0
}
