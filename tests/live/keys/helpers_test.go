package keys_test

import (
	"errors"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// must returns the response of a call that has to work.
func must(t *testing.T) func(*etcd.Response, error) *etcd.Response {
	return live.Must[*etcd.Response](t)
}

// fails checks that a call was refused with code, and that this is not taken for an unknown outcome.
func fails(t *testing.T, code etcd.ErrorCode, err error) {
	t.Helper()
	switch {
	case !errors.Is(err, code):
		t.Errorf("got %v, want %v", err, code)
	case errors.Is(err, etcd.ErrOutcomeUnknown):
		t.Errorf("%v is reported as unknown", err)
	}
}

// holds checks the value of a key by a quorum read.
func holds(t *testing.T, client *etcd.Client, key, value string) {
	t.Helper()
	resp := must(t)(client.Get(t.Context(), key, etcd.WithQuorum()))
	if resp.Node.Dir || resp.Node.Value != value {
		t.Errorf("%s holds %q (dir %v), want %q", key, resp.Node.Value, resp.Node.Dir, value)
	}
}

// expiresIn checks that a node's TTL is at most ttl and not much less; 0 is for a node without one.
func expiresIn(t *testing.T, node *etcd.Node, ttl time.Duration) {
	t.Helper()
	if ttl == 0 {
		if node.TTL != 0 || !node.Expiration.IsZero() {
			t.Errorf("%s expires in %v, at %v; want never", node.Key, node.TTL, node.Expiration)
		}
		return
	}
	// A slow machine may have used up some of it; half is left in any case that is not an error.
	if node.TTL > ttl || node.TTL < ttl/2 || node.Expiration.IsZero() {
		t.Errorf("%s expires in %v, at %v; want in %v", node.Key, node.TTL, node.Expiration, ttl)
	}
}

// write sets every key of keys to "value " and the key's last segment, 16 at a time.
func write(t *testing.T, client *etcd.Client, keys <-chan string) {
	var running sync.WaitGroup
	for range 16 {
		running.Go(func() {
			for key := range keys {
				if _, err := client.Set(t.Context(), key, "value "+path.Base(key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
}
