package cluster

import (
	"io"
	"net/http"
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
		poll := newCall(t, "GET", "/v2/keys/k?wait=true", "")
		poll.Read, poll.Wait = true, true
		open := c.Do(t.Context(), poll).Open
		if open == nil || !open.Finish() {
			t.Fatal("the poll cannot be asked to end")
		}
		if _, err := io.Copy(io.Discard, open.Body); err != nil {
			t.Fatal(err)
		}
		result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=x"))
		if result.Outcome != Done {
			t.Fatalf("the write: outcome %v, %v", result.Outcome, result.Err)
		}
		open.Close()
	}
}
