package interop_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/pythonetcd"
)

const (
	each  = 4 // contenders of each language
	times = 200
)

// python returns a Python that has python-etcd, or why there is none.
func python() (path, reason string) {
	if os.Getenv("INTEROP") == "" {
		return "", "INTEROP is not set: make interop runs this"
	}
	return pythonetcd.Python()
}

// A counter that is incremented without any comparison ends exact, if and only if the lock is one for
// both.
func TestPythonAndGoExcludeEachOther(t *testing.T) {
	path, reason := python()
	if reason != "" {
		fmt.Println("skipped:", reason)
		t.Skip(reason)
	}
	live.Each(t, func(t *testing.T, s live.Server) {
		name := strings.Trim(s.Dir, "/") + "-lock"
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir, "0"))
		var contending sync.WaitGroup
		for range each {
			contending.Go(func() { inPython(t, path, s, name) })
			contending.Go(func() { inGo(t, s, name) })
		}
		contending.Wait()
		counter := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), s.Dir))
		if want := strconv.Itoa(2 * each * times); counter.Node.Value != want {
			t.Errorf("the counter is %s, want %s", counter.Node.Value, want)
		}
		queue := live.Must[[]locking.Contender](t)(locking.NewMutex(s.Client, name, locking.WithPythonLayout()).Queue(t.Context()))
		if len(queue) > 0 {
			t.Errorf("left behind: %+v", queue)
		}
	})
}

func inPython(t *testing.T, path string, s live.Server, name string) {
	host, port, _ := strings.Cut(strings.TrimPrefix(s.Endpoint, "http://"), ":")
	cmd := exec.CommandContext(t.Context(), path, "worker.py", host, port, name, s.Dir, strconv.Itoa(times))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func inGo(t *testing.T, s live.Server, name string) {
	client := live.Client(t, s.Endpoint)
	mutex := locking.NewMutex(client, name, locking.WithPythonLayout())
	for range times {
		err := locking.Do(t.Context(), mutex, func(ctx context.Context, _ *locking.Lock) error { return increment(ctx, client, s.Dir) })
		if err != nil {
			t.Error(err)
		}
	}
}

func increment(ctx context.Context, client *etcd.Client, key string) error {
	resp, err := client.Get(ctx, key)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(resp.Node.Value)
	if err != nil {
		return err
	}
	_, err = client.Set(ctx, key, strconv.Itoa(n+1))
	return err
}
