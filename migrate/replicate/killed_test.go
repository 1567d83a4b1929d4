package replicate_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/replicate"
	"github.com/etcdv2/client/tests/etcdtest"
)

// TestCutOverThatIsKilled kills processes that cut writers over, at random moments, and lets others go on with it or abort it,
// until one has switched. Then the target has whatever a writer was told to be written. REPLICATE_CUTS is how often that is
// done with each kind of target (1).
func TestCutOverThatIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes many seconds")
	}
	runs, _ := strconv.Atoi(os.Getenv("REPLICATE_CUTS"))
	for n := range max(runs, 1) {
		for _, v3 := range []bool{true, false} {
			t.Run(fmt.Sprintf("v3 %v %d", v3, n), func(t *testing.T) {
				source, child := v2(t, etcdtest.Etcd35), childConfig{V3: v3}
				var target func(key string) (string, bool)
				if child.Source = source.Endpoints(); v3 {
					target = valuesOfV3(t, &child)
				} else {
					target = valuesOfV2(t, &child)
				}
				acked := killCutOvers(t, source, child)
				says(t, source, replicate.Switched)
				for key, value := range acked {
					if got, ok := target(key); got != value {
						t.Errorf("%s is %q, %v in the target, and %q was written", key, got, ok, value)
					}
				}
			})
		}
	}
}

// killCutOvers returns what writers have written by the time when one has switched.
func killCutOvers(t *testing.T, source *etcd.Client, child childConfig) map[string]string {
	do(t, source, ttlTree...)
	if _, err := source.Create(t.Context(), marker, string(replicate.Open)); err != nil {
		t.Fatal(err)
	}
	writing, wait := followers(t, source)
	kills := 0
	for deadline := time.Now().Add(time.Minute); ; {
		child.Mode = []string{"cut over", "cut over", "abort"}[rand.IntN(3)]
		last := time.Now().After(deadline)
		if last {
			child.Mode = "cut over"
		}
		cmd := startChild(t, child)
		kill := time.AfterFunc(time.Duration(rand.Int64N(int64(3*time.Second))), func() { _ = cmd.Process.Kill() })
		if last {
			kill.Stop()
		}
		err := cmd.Wait()
		kill.Stop()
		var exit *exec.ExitError
		switch {
		case err == nil && child.Mode == "cut over":
			wait()
			t.Logf("switched after %d kills; %d keys were written", kills, len(writing))
			return maps.Clone(writing)
		case err != nil && (!errors.As(err, &exit) || exit.Exited() || last):
			t.Fatalf("%s: %v", child.Mode, err)
		case err != nil:
			kills++
		}
	}
}

// followers starts writers that follow the marker. They write into the map what was acknowledged; wait returns when they have
// seen that they are to write to the target.
func followers(t *testing.T, source *etcd.Client) (acked map[string]string, wait func()) {
	mirror, err := source.Mirror(t.Context(), marker)
	if err != nil {
		t.Fatal(err)
	}
	acked = map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			pace := time.NewTicker(10 * time.Millisecond)
			defer pace.Stop()
			for n := 0; ; n++ {
				select {
				case <-pace.C:
				case <-t.Context().Done():
					return
				}
				node, err := mirror.WaitFor(t.Context(), marker, func(n *etcd.Node) bool { return n != nil && n.Value != string(replicate.Stopped) })
				if err != nil || node.Value == string(replicate.Switched) {
					return
				}
				key, value := fmt.Sprintf("/live/%d-%d", w, n%500), fmt.Sprint(n)
				if _, err := source.Set(t.Context(), key, value); err == nil {
					mu.Lock()
					acked[key] = value
					mu.Unlock()
				}
			}
		})
	}
	return acked, func() { all.Wait(); _ = mirror.Close() }
}

func valuesOfV3(t *testing.T, child *childConfig) func(string) (string, bool) {
	client := v3(t)
	child.Target = client.Endpoints()[0]
	return func(key string) (string, bool) {
		resp, err := client.Get(t.Context(), key)
		if err != nil || len(resp.Kvs) == 0 {
			return "", false
		}
		return string(resp.Kvs[0].Value), true
	}
}

func valuesOfV2(t *testing.T, child *childConfig) func(string) (string, bool) {
	client := v2(t, etcdtest.Etcd23)
	child.Target = client.Endpoints()[0]
	return func(key string) (string, bool) {
		resp, err := client.Get(t.Context(), key)
		if err != nil {
			return "", false
		}
		return resp.Node.Value, true
	}
}

// act is what a child does that is not only to replicate.
func (c childConfig) act(ctx context.Context, r *replicate.Replicator) error {
	switch c.Mode {
	case "cut over":
		_, err := r.CutOver(ctx, replicate.CutOver{Grace: 500 * time.Millisecond, Linger: time.Millisecond})
		return err
	case "abort":
		return r.Abort(ctx, "")
	}
	<-ctx.Done()
	return ctx.Err()
}
