package etcd

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/follow"
)

// outOfFiles fails as a dial does if the process may not open another file.
func outOfFiles(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
}

// A call that needs a new connection says why it cannot have one.
func TestCallOfAProcessOutOfFilesSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that no time passes
		client := connectBy(t, Config{Endpoints: []string{"http://a"}}, outOfFiles)
		_, err := client.Set(t.Context(), "/k", "v")
		checkIs(t, err, syscall.EMFILE)
		check(t, "retryable", Retryable(err), true)
		check(t, "kind for a watch", (&source{served: new(atomic.Bool)}).Kind(err), follow.Unsent)
		check(t, "outcome unknown", errors.Is(err, ErrOutcomeUnknown), false)
		check(t, "text", err.Error(), "etcd: PUT /v2/keys/k: http://a after 0s: "+
			"this process cannot open another connection: dial tcp: socket: too many open files")
	})
}

// A process that is out of files keeps its watches: what is open stays, and members are blamed for nothing.
func TestWatchOutlivesAProcessOutOfFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		var exhausted atomic.Bool
		r := &recorder{}
		config := Config{Observer: r, Endpoints: []string{e.members[0].url, e.members[1].url}}
		client := connectBy(t, config, func(ctx context.Context, network, address string) (net.Conn, error) {
			if exhausted.Load() {
				return outOfFiles(ctx, network, address)
			}
			return e.net.Dial(ctx, network, address)
		})
		w := startWatch(t, client, "/d", WithRecursive(), fromStart())
		<-time.After(10 * time.Second)
		e.set("/d/k")
		check(t, "event", w.takeWithin(t, 0), "set /d/k@1")
		<-time.After(10 * time.Second)
		exhausted.Store(true)
		<-time.After(70 * time.Second) // longer than a poll
		e.set("/d/k")
		check(t, "event", w.takeWithin(t, 0), "set /d/k@2")
		check(t, "members set aside", r.count(func(e Event) bool { _, ok := e.(MemberSetAside); return ok }), 0)
		exhausted.Store(false)
		<-time.After(2 * time.Second)
		e.set("/d/k")
		check(t, "event", w.takeWithin(t, 0), "set /d/k@3")
		w.end(t)
	})
}
