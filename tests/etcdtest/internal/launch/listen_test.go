package launch_test

import (
	"os/exec"
	"sync"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// A process that is being started holds what this one has open until it runs. Without a second try, one listener of some
// hundred fails here.
func TestListenBesideStarts(t *testing.T) {
	program, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	addr := etcdtest.FreeAddr(t)
	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			for range 50 {
				_ = exec.CommandContext(t.Context(), program).Run()
			}
		})
	}
	done := make(chan struct{})
	go func() {
		starts.Wait()
		close(done)
	}()
	for tried := 0; ; tried++ {
		l, err := launch.Listen(addr)
		if err != nil {
			t.Fatalf("after %d listeners: %v", tried, err)
		}
		l.Close()
		select {
		case <-done:
			return
		default:
		}
	}
}
