package faultproxy

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
)

// starving is a listener of a process that is out of files at first.
type starving struct {
	net.Listener
	fails atomic.Int32
}

func (s *starving) Accept() (net.Conn, error) {
	if s.fails.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return s.Listener.Accept()
}

func TestRelayAcceptsAfterTheProcessWasOutOfFiles(t *testing.T) {
	member := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "there") }))
	defer member.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(member.URL)
	if err != nil {
		t.Fatal(err)
	}
	starved := &starving{Listener: listener}
	starved.fails.Store(3)
	relay := newRelay(starved, target)
	defer relay.close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(relay.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "there" {
		t.Errorf("read %q, %v", body, err)
	}
}

func TestRelayPassesTLS(t *testing.T) {
	member := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "there") }))
	defer member.Close()
	resp, err := member.Client().Get(NewRelay(t, member.URL).URL())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "there" {
		t.Errorf("read %q, %v", body, err)
	}
}
