package etcd

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// after answers as reply does, after so long.
func after(delay time.Duration, reply http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(delay):
			reply(w, r)
		case <-r.Context().Done():
		}
	}
}

// A member that answers the question before a write late leaves little time for the write. It goes elsewhere:
// sent without the time to be answered, its outcome would not be known.
func TestWriteIsNotSentWithLittleTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		written := false
		net.Serve(t, "a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				after(7*time.Second, refusing(404, ErrKeyNotFound, "", 3))(w, r)
				return
			}
			written = true
			after(2*time.Second, file("set", "/k", "v", 4))(w, r)
		}))
		net.serve(t, "b", file("set", "/k", "v", 4))
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}, AttemptTimeout: 8 * time.Second})
		_, err := client.Set(t.Context(), "/k", "v")
		check(t, "error", err, error(nil))
		check(t, "the slow one got it", written, false)
	})
}
