package etcd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
)

// quiet is for servers whose complaints are part of the test.
var quiet = log.New(io.Discard, "", 0)

// Endpoints that refuse every connection. Ports below 1024 are never given out for ":0", so
// that no other test's server can come to listen there.
const (
	refusing  = "http://127.0.0.1:1"
	refusing2 = "http://127.0.0.1:2"
)

// server is a member that follows a script: it answers its first request with the first reply, and so
// on, all later ones with the last, and it keeps what it was sent. What a running watch asks beside
// its polls it answers by itself, out of aside, and keeps nothing of it.
type server struct {
	url     string
	replies []http.HandlerFunc
	aside   map[string]http.HandlerFunc // by method and target; nil for what a healthy member answers

	mu       sync.Mutex
	watched  bool     // a watch has been here
	requests []string // method, target and form, as in "PUT /v2/keys/a?prevExist=false value=b"
	headers  []http.Header
}

// What is asked about the member that a watch waits on.
const (
	leaderLine  = "GET /v2/members/leader"
	soundLine   = "HEAD /v2/keys/_etcdv2/none"
	canaryLine  = "GET /v2/keys/?recursive=true&wait=true"
	versionLine = "GET /version"
)

// healthy is what a member answers that is well, and where nothing happens.
var healthy = map[string]http.HandlerFunc{
	leaderLine:  text(200, `{"id":"8211f1d0f64f3269","name":"m1","clientURLs":[]}`),
	soundLine:   keys(401, 0, ""),
	canaryLine:  silent(0),
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

// lineAsked returns method and target; of the canary without the index, which depends on much.
func lineAsked(r *http.Request) string {
	line := r.Method + " " + r.RequestURI
	if strings.HasPrefix(line, canaryLine+"&") {
		return canaryLine
	}
	return line
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The body is read to its end, or the server would not notice a client that goes away.
	form, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up: the request has not arrived
	}
	line := lineAsked(r)
	if len(form) > 0 {
		line += " " + string(form)
	}
	s.mu.Lock()
	s.watched = s.watched || isWatch(r)
	reply := s.aside[line]
	if reply == nil {
		reply = healthy[line]
	}
	if reply != nil && s.watched {
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

// got returns the requests so far.
func (s *server) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// wanted returns the lines of got without the polls that are not in want: a watch reads ahead.
func wanted(got, want []string) []string {
	return slices.DeleteFunc(got, func(line string) bool {
		return strings.Contains(line, "wait=true") && !slices.Contains(want, line)
	})
}

// checkSent compares what was sent so far, but for the polls with which a watch reads ahead.
func (s *server) checkSent(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	check(t, "requests", wanted(s.got(), want), want)
}

// text answers with body; headers are names, each followed by its value.
func text(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
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

// refusal answers with an errorCode.
func refusal(status int, code ErrorCode, cause string, index int) http.HandlerFunc {
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
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	inOrder(client, config.Endpoints)
	return client
}

// inOrder takes the chance out of a client's choice: the members are tried as they are listed.
func inOrder(client *Client, endpoints []string) {
	var members []*member
	for _, endpoint := range endpoints {
		m, err := parseMember(endpoint)
		if err != nil {
			panic(err)
		}
		if known := client.cluster.roster.find(m.base); known != nil && !slices.Contains(members, known) {
			members = append(members, known)
		}
	}
	client.cluster.roster.members.Store(&members)
}

// network is a network in memory, for synctest bubbles: what waits on it lets the bubble's clock
// go on, which what waits on a socket does not.
type network struct {
	mu      sync.Mutex
	members map[string]*pipeListener
	refuse  int // how many connections to refuse before the next is made
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	listener := n.members[address]
	if n.refuse > 0 {
		n.refuse--
		listener = nil
	}
	n.mu.Unlock()
	if listener == nil {
		return nil, n.refusal()
	}
	near, far := net.Pipe()
	select {
	case listener.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// refusal is the error of a connection that the other end does not want.
func (n *network) refusal() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// serve starts a server at http://name.
func (n *network) serve(t *testing.T, name string, replies ...http.HandlerFunc) *server {
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	if n.members == nil {
		n.members = map[string]*pipeListener{}
	}
	n.members[name+":80"] = listener
	n.mu.Unlock()
	s := &server{url: "http://" + name, replies: replies}
	httpServer := &http.Server{Handler: s}
	go func() { _ = httpServer.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { httpServer.Close() })
	return s
}

// connect returns a client on the network; it has the transport that every other client has.
func (n *network) connect(t *testing.T, config Config) *Client {
	client := connectWith(t, config)
	client.cluster.http.Transport.(*http.Transport).DialContext = n.dial
	return client
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

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

// checkIs fails unless err is every one of targets.
func checkIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("error %v\nis not %v", err, target)
		}
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

// status returns the HTTP status of the reply that err tells of, or 0 where it tells of none.
func status(err error) int {
	var reply *Error
	if errors.As(err, &reply) {
		return reply.StatusCode
	}
	return 0
}
