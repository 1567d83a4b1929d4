package locking_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// heldUp holds the writes of a proxy until it is let go.
type heldUp struct {
	proxy   *faultproxy.Proxy
	arrived chan struct{} // receives a value for each write that is held
	release chan struct{}
}

// holdWrites makes the client's writes wait in a proxy.
func holdWrites(t *testing.T, s live.Server) (*etcd.Client, *heldUp) {
	t.Helper()
	h := &heldUp{faultproxy.New(t, s.Endpoint), make(chan struct{}, 100), make(chan struct{})}
	return live.Connect(t, etcd.Config{Endpoints: []string{h.proxy.URL()}}), h
}

func (h *heldUp) begin() {
	h.proxy.Use(faultproxy.Writes(func() faultproxy.Fault {
		h.arrived <- struct{}{}
		<-h.release
		return faultproxy.Pass
	}))
}

// A renewal that comes due while an Extend is on its way does not put the old TTL back behind it.
func TestExtendIsNotUndoneByARenewal(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		client, writes := holdWrites(t, s)
		lock := begin(t, locking.NewMutex(client, s.Dir, locking.WithTTL(3*time.Second))).held(t)
		writes.begin()
		<-writes.arrived // the renewal
		extended := make(chan error, 1)
		go func() { extended <- lock.Extend(t.Context(), time.Minute) }()
		close(writes.release)
		check(t, <-extended)
		valued := make(chan error, 1)
		go func() { valued <- lock.SetValue(t.Context(), "busy") }()
		check(t, <-valued)
		resp := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), lock.Key(), etcd.WithQuorum()))
		if resp.Node.TTL < 30*time.Second || time.Until(lock.Deadline()) < 30*time.Second {
			t.Errorf("TTL %v, deadline in %v", resp.Node.TTL, time.Until(lock.Deadline()))
		}
		unlock(t, lock)
	})
}

func TestSetValueBesideExtendDoesNotUndoIt(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		client, writes := holdWrites(t, s)
		lock := begin(t, locking.NewMutex(client, s.Dir, locking.WithTTL(20*time.Second))).held(t)
		writes.begin()
		var both sync.WaitGroup
		both.Go(func() { check(t, lock.Extend(t.Context(), time.Hour)) })
		<-writes.arrived // the one that has the turn
		both.Go(func() { check(t, lock.SetValue(t.Context(), "busy")) })
		close(writes.release)
		both.Wait()
		resp := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), lock.Key(), etcd.WithQuorum()))
		if resp.Node.TTL < 30*time.Minute || lock.Value() != "busy" {
			t.Errorf("TTL %v, value %q", resp.Node.TTL, lock.Value())
		}
		unlock(t, lock)
	})
}

// A lock that is lost before its Unlock is not reported as unlocked.
func TestUnlockOfALostLockSaysSo(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for range 10 {
			err := locking.Do(t.Context(), locking.NewMutex(s.Client, s.Dir), func(_ context.Context, lock *locking.Lock) error {
				live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), lock.Key()))
				return nil
			})
			if !errors.Is(err, locking.ErrLost) {
				t.Fatalf("Do returned %v", err)
			}
		}
	})
}

// pausedChild is the process that TestUnlockAfterAPause stops: it stops itself while it holds the lock.
func pausedChild(endpoint, dir string) error {
	client, err := etcd.New(etcd.Config{Endpoints: []string{endpoint}})
	if err != nil {
		return err
	}
	defer client.Close()
	mutex := locking.NewMutex(client, dir, locking.WithTTL(time.Second))
	return locking.Do(context.Background(), mutex, func(context.Context, *locking.Lock) error {
		goesOn := make(chan os.Signal, 1)
		signal.Notify(goesOn, syscall.SIGCONT)
		if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
			return err
		}
		<-goesOn // the process may run on for a moment before it stops
		return nil
	})
}

// A process that is stopped for longer than its TTL learns that others may have held the lock, even if it unlocks
// as soon as it goes on.
func TestUnlockAfterAPause(t *testing.T) {
	if endpoint, dir, ok := strings.Cut(os.Getenv("PAUSED_CHILD"), " "); ok {
		if err := pausedChild(endpoint, dir); !errors.Is(err, locking.ErrLost) {
			t.Fatalf("Do returned %v", err)
		}
		return
	}
	live.Each(t, func(t *testing.T, s live.Server) {
		child := exec.Command(os.Args[0], "-test.run", "^TestUnlockAfterAPause$")
		child.Env = append(os.Environ(), "PAUSED_CHILD="+s.Endpoint+" "+s.Dir)
		var out strings.Builder
		child.Stdout, child.Stderr = &out, &out
		check(t, child.Start())
		mutex := locking.NewMutex(s.Client, s.Dir)
		live.Eventually(t, "the child holds the lock", func() bool { _, err := mutex.Holder(t.Context()); return err == nil })
		lock := begin(t, mutex).held(t) // the child is stopped, and its key has expired
		live.Eventually(t, "the child goes on and ends", func() bool {
			return child.Process.Signal(syscall.SIGCONT) != nil || exited(child)
		})
		if err := child.Wait(); err != nil {
			t.Errorf("the child: %v\n%s", err, out.String())
		}
		unlock(t, lock)
	})
}

// exited reports whether a process has ended, and waits for its parent.
func exited(cmd *exec.Cmd) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// A second Unlock ends with its context, while a first one tries.
func TestSecondUnlockEndsWithItsContext(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		client, writes := holdWrites(t, s)
		lock := begin(t, locking.NewMutex(client, s.Dir)).held(t)
		writes.begin()
		first := make(chan error, 1)
		go func() { first <- lock.Unlock(t.Context()) }()
		<-writes.arrived
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := lock.Unlock(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("it returned %v", err)
		}
		close(writes.release)
		check(t, <-first)
		check(t, lock.Unlock(t.Context()))
	})
}
