package etcd

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

var (
	watchSeed = flag.Uint64("watch.seed", 0, "seed of the random watch; 0 for some by chance")
	watchRuns = flag.Int("watch.runs", 4, "how many random watches there are")
)

// chaos is what happens to a cluster and to a watch of /d: chances, drawn with one seed.
type chaos struct {
	*fakeEtcd
	rand *rand.Rand
	want []string // the events that the watch must bring
}

// write makes an event, of concern or not.
func (c *chaos) write() {
	kinds := []struct {
		action, key string
		dir, seen   bool
	}{
		{"set", "/d/k", false, true},
		{"set", "/d/k", false, true},
		{"set", "/d/a/b", false, true},
		{"delete", "/d/k", false, true},
		{"set", "/d", false, true},
		{"delete", "/d", true, true},
		{"delete", "/", true, true},
		{"set", "/other", false, false},
		{"set", "/other", false, false},
		{"set", "/dx", false, false},
		{"set", "/d/_h/k", false, false},
		{"refresh", "/d/k", false, false},
	}
	kind := kinds[c.rand.IntN(len(kinds))]
	index := c.happen(kind.action, kind.key, kind.dir)
	if kind.seen {
		c.want = append(c.want, fmt.Sprintf("%s %s@%d", kind.action, kind.key, index))
	}
}

// trouble does something to a member that a watch must get over.
func (c *chaos) trouble() {
	m := c.members[c.rand.IntN(len(c.members))]
	switch c.rand.IntN(6) {
	case 0:
		m.hangUp()
	case 1:
		m.freeze()
		time.AfterFunc(time.Duration(c.rand.IntN(3000))*time.Millisecond, func() { m.thaw(false) })
	case 2:
		m.change(func() { m.stopped = true }) // behind the others for a while
		time.AfterFunc(time.Duration(c.rand.IntN(200))*time.Millisecond, func() { m.thaw(false) })
	case 3:
		delay := time.Duration(c.rand.IntN(20)) * time.Millisecond
		m.change(func() { m.delay = delay })
	case 4:
		proxy := proxy(c.rand.IntN(3))
		m.change(func() { m.proxy = proxy })
	case 5:
		most := uint64(c.rand.IntN(30)) // of a hundred requests
		chance := rand.New(rand.NewPCG(c.rand.Uint64(), 0))
		m.change(func() {
			m.fault = func(*http.Request) fault { // called with the lock held
				if chance.Uint64N(100) >= most {
					return faultless
				}
				return []fault{breakAtOnce, breakBehindHeader, fail500, late}[chance.IntN(4)]
			}
		})
	}
}

// calm ends all trouble except that proxies hold back what comes bit by bit.
func (c *chaos) calm() {
	for _, m := range c.members {
		m.change(func() { m.fault, m.delay = nil, time.Millisecond })
		m.thaw(false)
	}
}

// mostSilence is how long a watch may take to bring an event when there is no trouble. The longest by far is the
// silence of four key polls, one after the other, on etcd 2.3 behind a proxy that holds headers back.
const mostSilence = 30 * time.Second

// brings fails unless the watch brings what is wanted of it, and soon.
func (c *chaos) brings(t *testing.T, w *following) {
	t.Helper()
	begun := time.Now()
	checkEvents(t, w.take(t, len(c.want)), c.want)
	if silence := time.Since(begun); silence > mostSilence {
		t.Errorf("the events came after %v", silence)
	}
	c.want = nil
}

// Whatever happens, each event comes once and in order as long as the history reaches back, and soon after the trouble.
func TestWatchBringsEveryEventOnceWhateverHappens(t *testing.T) {
	t.Parallel() // it computes for long
	var seeds []uint64
	if *watchSeed != 0 {
		seeds = append(seeds, *watchSeed)
	}
	for *watchSeed == 0 && len(seeds) < *watchRuns {
		seeds = append(seeds, rand.Uint64())
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("-watch.seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chaos{fakeEtcd: fakes(t, 3), rand: rand.New(rand.NewPCG(seed, 1))}
				c.version = []string{"2.3.8", "3.5.35"}[c.rand.IntN(2)]
				for _, m := range c.members {
					m.delay = time.Millisecond
				}
				w := startWatch(t, mayShare(t, c.rand, c.connect(t, Config{})), "/d", WithRecursive(), fromStart())
				synctest.Wait()
				for range 15 {
					for range c.rand.IntN(4) {
						for range c.rand.IntN(60) {
							c.write()
						}
						<-time.After(time.Duration(c.rand.IntN(30)) * time.Millisecond)
					}
					c.trouble()
					if c.rand.IntN(4) == 0 { // time to recover, and to renew polls
						<-time.After(time.Duration(c.rand.IntN(20)) * time.Second)
					}
					if behind := len(c.want) - len(w.events); behind > 400 {
						<-time.After(10 * time.Second)
					}
				}
				c.calm()
				for range 4 {
					c.brings(t, w)
					<-time.After(time.Duration(c.rand.IntN(60)) * time.Second)
					c.write()
				}
				c.brings(t, w)
				<-time.After(10 * time.Second)
				w.end(t)
			})
		})
	}
}
