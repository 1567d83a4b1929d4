package faultproxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/faultproxy"
)

// The README shows this test. The server applies the write, its reply is lost, and the program must not send it again.
func TestWriteWhoseReplyIsLost(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "applied") // or a member that etcdtest has started
	}))
	defer server.Close()

	proxy := faultproxy.New(t, server.URL)
	proxy.Use(faultproxy.Writes(func() faultproxy.Fault { return faultproxy.DropReply }))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, proxy.URL()+"/v2/keys/a", strings.NewReader("value=1"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // the program
	if err == nil {
		resp.Body.Close()
		t.Error("the reply came through")
	}
	if n := proxy.Forwarded()[http.MethodPut]; n != 1 {
		t.Errorf("the write reached the server %d times", n)
	}
}
