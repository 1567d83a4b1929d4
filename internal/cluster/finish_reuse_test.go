package cluster

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// A reply that comes to its end because it was asked to leaves a connection that can send nothing. If net/http gives
// that connection to a write before it sees that the server has closed it, the write goes out on another one.
func TestWriteOnAConnectionThatWasAskedToEnd(t *testing.T) {
	var net fakenet.Network
	url := net.Serve(t, "a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			silent(7)(w, r)
			return
		}
		text(200, 7, "")(w, r)
	}))
	c := newCluster(t, Config{Endpoints: []string{url}, Dial: net.Dial, PulseInterval: time.Hour})
	for range 500 {
		askedToEnd(t, c)
		result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=x"))
		if result.Outcome != Done {
			t.Fatalf("the write: outcome %v, %v", result.Outcome, result.Err)
		}
	}
}

// Net/http may repeat such a write by itself, on a connection that works. If that one breaks, the write may have been
// done, and must not be sent again.
func TestWriteAfterAConnectionThatWasAskedToEndIsSentOnce(t *testing.T) {
	var net fakenet.Network
	var writes atomic.Int64
	url := net.Serve(t, "a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			silent(7)(w, r)
			return
		}
		writes.Add(1)
		hangup(w, r)
	}))
	c := newCluster(t, Config{Endpoints: []string{url}, Dial: net.Dial, PulseInterval: time.Hour})
	for range 200 {
		askedToEnd(t, c)
		writes.Store(0)
		result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=x"))
		if result.Outcome != Unknown || writes.Load() != 1 {
			t.Fatalf("the write was sent %d times: outcome %v, %v", writes.Load(), result.Outcome, result.Err)
		}
	}
}

// askedToEnd makes a poll, asks its member to end it and reads that end, so that the connection may be kept for
// another request.
func askedToEnd(t *testing.T, c *Cluster) {
	t.Helper()
	poll := newCall(t, "GET", "/v2/keys/k?wait=true", "")
	poll.Read, poll.Wait = true, true
	open := c.Do(t.Context(), poll).Open
	if open == nil || !open.Finish() {
		t.Fatal("the poll cannot be asked to end")
	}
	defer open.Close()
	if _, err := io.Copy(io.Discard, open.Body); err != nil {
		t.Fatal(err)
	}
}
