package cluster_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
)

// attempts is an Observer that keeps what it is told.
type attempts struct {
	mu    sync.Mutex
	began int
	ended []etcd.AttemptEnded
	other []etcd.Event
}

func (a *attempts) Observe(event etcd.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e := event.(type) {
	case etcd.AttemptStarted:
		a.began++
	case etcd.AttemptEnded:
		a.ended = append(a.ended, e)
	default:
		a.other = append(a.other, e)
	}
}

// started returns how many attempts have begun.
func (a *attempts) started() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.began
}

// last returns how the last attempt came out.
func (a *attempts) last() etcd.AttemptEnded {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended[len(a.ended)-1]
}

// lastWrite returns how the last attempt of a PUT came out.
func (a *attempts) lastWrite() etcd.AttemptEnded {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, attempt := range slices.Backward(a.ended) {
		if attempt.Method == "PUT" {
			return attempt
		}
	}
	return etcd.AttemptEnded{}
}

// told returns what the observer was told beside attempts.
func (a *attempts) told() []etcd.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]etcd.Event(nil), a.other...)
}

// naming is a way to the member at target, which names other machines than that does. It returns its URL.
func naming(t *testing.T, target string, machines func() string) string {
	t.Helper()
	member, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(member) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/machines" {
			proxy.ServeHTTP(w, r)
			return
		}
		if _, err := io.WriteString(w, machines()); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return server.URL
}
