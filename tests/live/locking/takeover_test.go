package locking_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// A process of the same identity has taken the lock over and unlocked it. The earlier one has not heard of
// either, nor of how the first try of its own Unlock ended: it does not take the other's deletion for its own.
func TestUnlockAfterATakeOverReportsTheLoss(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		var later *locking.Lock
		var deletions atomic.Int32
		proxy := faultproxy.New(t, s.Endpoint)
		proxy.Use(func(req *http.Request) faultproxy.Fault {
			switch {
			case req.URL.Query().Has("wait") && deletions.Load() < 2:
				return faultproxy.Delay(time.Hour, faultproxy.Pass)
			case req.Method != http.MethodDelete || req.URL.Query().Has("dir"):
				return faultproxy.Pass
			case deletions.Add(1) == 1:
				return faultproxy.DropReply
			}
			unlock(t, later)
			return faultproxy.Pass
		})
		identity := locking.WithIdentity("machine-7")
		earlier := begin(t, locking.NewMutex(live.Client(t, proxy.URL()), s.Dir, identity)).held(t)
		later = begin(t, locking.NewMutex(s.Client, s.Dir, identity)).held(t)
		if earlier.Token() != later.Token() {
			t.Errorf("token %d, the earlier process has %d", later.Token(), earlier.Token())
		}
		if err := earlier.Unlock(t.Context()); !errors.Is(err, locking.ErrLost) {
			t.Errorf("the earlier process unlocked with %v", err)
		}
		wantGone(t, s)
	})
}
