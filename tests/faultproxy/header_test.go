package faultproxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/faultproxy"
)

// Both sides see the header that the other one has sent, and no more.
func TestHeadersPassAsTheyAre(t *testing.T) {
	seen := make(chan http.Header, 1)
	member := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header["Host"] = []string{r.Host}
		seen <- r.Header
		w.Header()["Date"], w.Header()["Content-Type"] = nil, nil // net/http adds none then
		w.Header()["X-Twice"] = []string{"1", "2"}
		w.Header().Set("Content-Length", "2")
		_, _ = io.WriteString(w, "{}")
	}))
	defer member.Close()
	const request = "GET /v2/keys/a HTTP/1.1\r\nHost: my.name\r\nX-Forwarded-For: 10.0.0.1\r\nForwarded: for=1\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"
	direct := say(t, member.URL, request)
	want := <-seen
	for name, fault := range map[string]faultproxy.Fault{"pass": faultproxy.Pass, "cut": faultproxy.CutReply} {
		proxy := faultproxy.New(t, member.URL)
		proxy.Use(faultproxy.Always(fault))
		reply := say(t, proxy.URL(), request)
		if got := <-seen; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the member sees %v, want %v", name, got, want)
		}
		if !reflect.DeepEqual(reply, direct) {
			t.Errorf("%s: the client sees %v, want %v", name, reply, direct)
		}
	}
}

// say sends a request as it is written and returns the header of the answer.
func say(t *testing.T, url, request string) http.Header {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
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
