package etcd

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

var (
	lineSeed = flag.Uint64("lines.seed", 0, "seed of the random connections; 0 for some by chance")
	lineRuns = flag.Int("lines.runs", 1, "how many histories there are")
)

// troubled returns what delays one connection: each fails independently of the others, before some write of
// its server, and many do not. A delay lasts up to a minute, which is as long as a late answer counts.
func troubled(random *rand.Rand) func() time.Duration {
	at := random.IntN(6) // the header of the first reply, its body, and so on
	var delay time.Duration
	switch random.IntN(12) {
	case 0, 1:
		delay = time.Duration(random.Int64N(int64(59 * time.Second)))
	case 2:
		delay = time.Duration(random.Int64N(int64(5 * time.Second)))
	case 3:
		delay = fakenet.Forever
	}
	writes := 0
	return func() time.Duration {
		if writes++; writes == at+1 {
			return delay
		}
		return 0
	}
}

// history is a random history of a watch over such connections.
type lineHistory struct {
	chaos
	slow int    // writes elsewhere in a second
	one  func() // makes one write
}

func newLineHistory(t *testing.T, seed uint64) *lineHistory {
	h := &lineHistory{chaos: chaos{fakeEtcd: fakes(t, 3), rand: rand.New(rand.NewPCG(seed, 2))}}
	h.version = []string{"2.3.8", "3.5.35"}[h.rand.IntN(2)]
	h.slow = []int{0, 0, 20, 150}[h.rand.IntN(4)]
	lines := rand.New(rand.NewPCG(seed, 3))
	h.net.Delay(func() func() time.Duration { return troubled(lines) })
	h.one = h.write
	return h
}

// go on for some seconds, with a few writes.
func (h *lineHistory) goOn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		h.fill(h.slow / 10)
		if h.rand.IntN(30) == 0 {
			for range 1 + h.rand.IntN(3) {
				h.one()
			}
		}
		<-time.After(100 * time.Millisecond)
	}
}

// Whatever single connections do, each event comes once and in order, or the watch ends and says that it does
// not know.
func TestWatchOverConnectionsThatFail(t *testing.T) {
	t.Parallel() // it computes for long
	seeds := []uint64{*lineSeed}
	for *lineSeed == 0 && len(seeds) < *lineRuns {
		seeds = append(seeds, rand.Uint64())
	}
	ended := 0
	for _, seed := range seeds {
		if seed == 0 {
			continue
		}
		t.Run(fmt.Sprintf("-lines.seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLineHistory(t, seed)
				t.Logf("etcd %s, %d other writes in a second", h.version, h.slow)
				w := startWatch(t, mayShare(t, h.rand, h.connect(t, Config{})), "/d", WithRecursive(), fromStart())
				synctest.Wait()
				h.goOn(time.Duration(1+h.rand.IntN(5)) * time.Minute)
				got := w.take(t, len(h.want))
				if n := len(got); n > 0 && strings.Contains(got[n-1], "watch /d ended") && strings.Contains(got[n-1], "401") {
					ended++
					t.Log(got[n-1])
					checkEvents(t, got[:n-1], h.want[:n-1])
					return
				}
				checkEvents(t, got, h.want)
				<-time.After(2 * time.Minute)
				w.cancel()
				for line := range w.events {
					if line != context.Canceled.Error() && !strings.Contains(line, "401") {
						t.Errorf("one too many: %s", line)
					}
				}
			})
		})
	}
	t.Logf("%d of %d watches ended because they could not know", ended, len(seeds))
}

// holds returns the indexes of the files below dir, except hidden ones, as of the end of the log.
func (e *fakeEtcd) holds(dir string) map[string]uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	files := map[string]uint64{}
	for i, event := range e.log {
		key := event.Node.Key
		switch {
		case event.Action == "delete":
			maps.DeleteFunc(files, func(file string, _ uint64) bool { return file == key || below(file, key) })
		case below(key, dir) && !strings.Contains(key, "/_") && !e.hidden[i+1]:
			files[key] = event.Node.ModifiedIndex
		}
	}
	return files
}

// Whatever single connections do, a mirror has what the server has as soon as it says that it has come so far,
// and it says so soon after the connections are well again.
func TestMirrorOverConnectionsThatFail(t *testing.T) {
	t.Parallel() // it computes for long
	seeds := []uint64{*lineSeed}
	for *lineSeed == 0 && len(seeds) < *lineRuns {
		seeds = append(seeds, rand.Uint64())
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("-lines.seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLineHistory(t, seed)
				t.Logf("etcd %s, %d other writes in a second", h.version, h.slow)
				h.one = func() { // what leaves a tree
					key := []string{"/d/k", "/d/a/b", "/d/a/c", "/d/_h/k"}[h.rand.IntN(4)]
					switch h.rand.IntN(8) {
					case 0:
						h.happen("delete", key, false)
					case 1:
						h.happen("delete", []string{"/d/a", "/d", "/"}[h.rand.IntN(3)], true)
					default:
						h.happen("set", key, false)
					}
				}
				h.fill(1)
				client := mayShare(t, h.rand, h.connect(t, Config{}))
				m, err := client.Mirror(t.Context(), "/d")
				for ; err != nil; m, err = client.Mirror(t.Context(), "/d") {
					<-time.After(time.Second)
				}
				defer m.Close()
				for range 1 + h.rand.IntN(3) {
					h.goOn(time.Duration(1+h.rand.IntN(60)) * time.Second)
					last := h.happen("set", []string{"/d/k", "/d/_h/k", "/other"}[h.rand.IntN(3)], false)
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
					if err := m.WaitIndex(ctx, uint64(last)); err != nil {
						t.Errorf("waiting for %d at %d: %v", last, m.Index(), err)
					}
					cancel()
					got := map[string]uint64{}
					for node := range m.Range("/d") {
						if !node.Dir && node.Key != "/d" {
							got[node.Key] = node.ModifiedIndex
						}
					}
					check(t, "content", got, h.holds("/d"))
				}
			})
		})
	}
}
