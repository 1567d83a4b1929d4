package cluster

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// newCluster returns a cluster that ends with the test. It leaves nothing to chance: the members are tried as
// they are listed.
func newCluster(t *testing.T, config Config) *Cluster {
	t.Helper()
	config.Shuffle = func(int, func(i, j int)) {}
	config.Questions, config.VersionPrefix = stubQuestions{}, apiPrefix
	if config.PulseInterval == 0 {
		config.PulseInterval = time.Second
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// testTLS asks for TLS, and nothing special of it.
var testTLS = &tls.Config{MinVersion: tls.VersionTLS12}

// newCall returns a call that nothing is said of yet. Its answer is a stubAnswer.
func newCall(t *testing.T, method, target, body string) *Call {
	t.Helper()
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return &Call{Request: req, Answer: stubAnswer{}}
}

// missing is the page of a server without a path.
const missing = "404 page not found\n"

// stubAnswer goes by the status of a reply: below 300 it is a success, 307 names the leader, 501 is not served,
// and so is the page of a missing path. Another below 500 is a refusal.
type stubAnswer struct{}

func (stubAnswer) Sort(reply Reply) (Verdict, error) {
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Outcome: Done, Index: IndexOf(reply.Response)}
	if reply.StatusCode >= 300 {
		v.Outcome = Refused
		v.Err = fmt.Errorf("status %d from %s: %s", reply.StatusCode, reply.Endpoint, text)
	}
	switch {
	case reply.StatusCode == http.StatusTemporaryRedirect:
		v.Outcome, v.Leader = NotServed, reply.Header.Get("Location")
	case string(text) == missing:
		v.Outcome, v.Missing = NotServed, true
	case reply.StatusCode == http.StatusNotImplemented:
		v.Outcome = NotServed
	case reply.StatusCode >= 500:
		v.Outcome = Unknown
	}
	return v, nil
}

// stubQuestions asks by the path.
type stubQuestions struct{}

// What stubQuestions asks.
const (
	servicePath  = "/service"
	indexPath    = "/index"
	machinesPath = "/machines"
	changePath   = "/change"
	versionPath  = "/version"
)

func (stubQuestions) Service() *Call { return question(servicePath) }
func (stubQuestions) Index() *Call   { return question(indexPath) }

// Version takes the whole body for the version.
func (stubQuestions) Version(m *Member) *Call {
	call := question(versionPath)
	call.Answer = versionAnswer{m}
	return call
}

type versionAnswer struct{ member *Member }

func (a versionAnswer) Sort(reply Reply) (Verdict, error) {
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return Verdict{}, err
	}
	a.member.SetVersion(string(text))
	return stubAnswer{}.Sort(reply)
}

func (stubQuestions) Machines(named *[]string) *Call {
	call := question(machinesPath)
	call.Answer = machinesAnswer{named}
	return call
}

// machinesAnswer reads a list of URLs.
type machinesAnswer struct{ named *[]string }

func (a machinesAnswer) Sort(reply Reply) (Verdict, error) {
	list, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		return Verdict{}, err
	}
	*a.named = strings.Split(string(list), ", ")
	return Verdict{Outcome: Done}, nil
}

func (stubQuestions) Change(from uint64) *Call {
	call := question(changePath + "?from=" + strconv.FormatUint(from, 10))
	call.Wait = true
	return call
}

func question(target string) *Call {
	req, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		panic(err)
	}
	return &Call{Request: req, Read: true, Answer: stubAnswer{}}
}

// transport is one that is not an *http.Transport, so that it says nothing of connections.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// handled is a transport that hands requests to a handler.
func handled(handler http.Handler) transport {
	return func(req *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, req)
		return recorder.Result(), nil
	}
}

// server is a member that follows a script: it answers its first request with the first reply, and so on, all
// later ones with the last.
func server(replies ...http.HandlerFunc) http.Handler {
	next := make(chan http.HandlerFunc, len(replies))
	for _, reply := range replies {
		next <- reply
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The body is read to its end, or the server would not notice a client that goes away.
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		reply := <-next
		if len(next) == 0 {
			next <- reply
		}
		reply(w, r)
	})
}

// member is a member at index 7 that answers everything else with reply.
func member(reply http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := reply
		if r.URL.Path == indexPath {
			answer = text(200, 7, "")
		}
		server(answer).ServeHTTP(w, r)
	})
}

// text answers with an etcd index, 0 for none, and a body.
func text(status, index int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if index > 0 {
			w.Header().Set("X-Etcd-Index", strconv.Itoa(index))
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// silent answers with the header of a success, and nothing until the client goes away.
func silent(index int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text(200, index, "")(w, r)
		w.(http.Flusher).Flush()
		hang(w, r)
	}
}

// hang answers nothing until the client goes away.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// hangup closes the connection without an answer.
func hangup(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// check compares by value.
func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %#v\nwant %#v", what, got, want)
	}
}

// checkIs fails unless err is target.
func checkIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v\nis not %v", err, target)
	}
}
