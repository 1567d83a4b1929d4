package validator_test

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/validator"
)

// Both sides see the header that the other one has sent, and no more.
func TestProxyPassesHeadersAsTheyAre(t *testing.T) {
	seen := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header["Host"] = []string{r.Host}
		seen <- r.Header
		w.Header()["Date"], w.Header()["Content-Type"] = nil, nil // net/http adds none then
		w.Header()["X-Twice"] = []string{"1", "2"}
		w.Header().Set("Content-Length", "2")
		_, _ = io.WriteString(w, "{}")
	}))
	defer server.Close()
	proxy, err := (&validator.Transport{Spec: load(t)}).Listen(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	say := func(url string) http.Header {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		const request = "GET /v2/keys/a HTTP/1.1\r\nHost: my.name\r\nX-Forwarded-For: 10.0.0.1\r\nForwarded: for=1\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.Header
	}
	reply, request := say(server.URL), <-seen
	got := say(proxy.URL())
	passed := <-seen
	passed.Del("Connection") // of the proxy's own connection
	if !reflect.DeepEqual(passed, request) {
		t.Errorf("the server sees %v, want %v", passed, request)
	}
	if !reflect.DeepEqual(got, reply) {
		t.Errorf("the client sees %v, want %v", got, reply)
	}
}

// A gateway may have a path of its own, and a certificate of an authority of its own.
func TestProxyToAGateway(t *testing.T) {
	var asked atomic.Value
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.RequestURI)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, event)
	}))
	defer server.Close()
	transport := &validator.Transport{
		Spec: load(t), Base: server.Client().Transport, Report: func(f validator.Finding) { t.Errorf("found %v", f) },
	}
	proxy, err := transport.Listen(server.URL + "/gate%2Fway/")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	resp, _ := exchange(t, &http.Transport{DisableKeepAlives: true}, http.MethodGet, proxy.URL()+"/v2/keys/a%2Fb?wait=true", nil, "")
	if resp.StatusCode != http.StatusOK || asked.Load() != "/gate%2Fway/v2/keys/a%2Fb?wait=true" {
		t.Errorf("status %d; the server was asked for %v", resp.StatusCode, asked.Load())
	}
}

// The client of a proxy sees a broken connection only.
func TestProxySaysWhyThereIsNoAnswer(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	reported := make(chan error, 1)
	proxy, err := (&validator.Transport{Spec: load(t), ReportError: func(err error) { reported <- err }}).Listen(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if resp, err := client.Get(proxy.URL() + "/v2/keys/a"); err == nil {
		resp.Body.Close()
		t.Fatal("there was an answer")
	}
	if err := <-reported; !strings.Contains(err.Error(), "certificate") {
		t.Errorf("it says %v", err)
	}
}

func TestListenWantsAServer(t *testing.T) {
	for _, target := range []string{"localhost", "//localhost", "ftp://localhost", "http://localhost?x", "http://me:secret@localhost", "http://%"} {
		proxy, err := (&validator.Transport{Spec: load(t)}).Listen(target)
		if err == nil {
			proxy.Close()
			t.Errorf("it listens for %q", target)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error %q has the password", err)
		}
	}
}

// When Close returns, all is recorded.
func TestCloseWaitsForWhatIsOnItsWay(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	var recorded atomic.Int32
	closing := make(chan bool)
	transport := &validator.Transport{Spec: load(t), Record: func(*validator.Exchange) {
		<-closing
		recorded.Add(1)
	}}
	proxy, err := transport.Listen(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	const polls = 10
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range polls {
		resp, err := client.Get(proxy.URL() + "/v2/keys/a?wait=true")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
	}
	closed := make(chan bool)
	go func() {
		proxy.Close()
		if n := recorded.Load(); n != polls {
			t.Errorf("%d of %d exchanges were recorded when Close returned", n, polls)
		}
		close(closed)
	}()
	for range polls {
		closing <- true
	}
	<-closed
}

// A test that has seen enough closes the body.
func TestReportMayCloseTheBody(t *testing.T) {
	next := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.(http.Flusher).Flush()
		<-next
		_, _ = io.WriteString(w, `{"action":"seize"}`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	var resp *http.Response
	transport := &validator.Transport{Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t)}
	transport.Report = func(validator.Finding) { resp.Body.Close() }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v2/keys/a?wait=true&stream=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err = transport.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	close(next)
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the body was not closed")
	}
}

// Package etcd sees the transport beneath: what was refused was not sent.
func TestRefusedConnectionIsNoUnknownOutcome(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	transport := &validator.Transport{Spec: load(t), Base: &http.Transport{}}
	client, err := etcd.New(etcd.Config{
		Endpoints: []string{"http://" + listener.Addr().String()}, HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Set(t.Context(), "/a", "1"); err == nil || errors.Is(err, etcd.ErrOutcomeUnknown) {
		t.Errorf("the error is %v", err)
	}
}

// The connection of an answer 101 can be written to.
func TestUpgradedConnectionsPass(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(conn, line)
	}))
	defer server.Close()
	transport := &validator.Transport{Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v2/keys/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	both, ok := resp.Body.(io.ReadWriter)
	if !ok {
		t.Fatal("the body cannot be written to")
	}
	if _, err := io.WriteString(both, "echo\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(both).ReadString('\n'); line != "echo\n" {
		t.Errorf("it answers %q, %v", line, err)
	}
}
