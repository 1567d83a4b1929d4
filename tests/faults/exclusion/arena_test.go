//go:build unix

package exclusion_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/internal/live"
)

// arena is where contenders meet: a cluster of processes, and all that can be broken on the way to it.
type arena struct {
	t         *testing.T
	history   *history
	cluster   *etcdtest.Cluster
	lock      string              // its name
	proxies   []*faultproxy.Proxy // one for each member
	groups    []*group
	processes []*process
	operator  *etcd.Client // goes straight to the members
	random    *rand.Rand
	lasts     time.Duration
	seed      uint64

	mu     sync.Mutex
	struck map[string]int
}

// group is some of the contenders, who can be cut off together.
type group struct{ links []*faultlink.Link }

func (g *group) endpoints() []string {
	var urls []string
	for _, link := range g.links {
		urls = append(urls, link.URL())
	}
	return urls
}

// atLength reports whether the tests run for as long as somebody has asked for.
func atLength() bool { return os.Getenv("EXCLUSION_SECONDS") != "" }

func newArena(t *testing.T, version etcdtest.Version, groups int) *arena {
	t.Helper()
	a := &arena{t: t, history: &history{}, lock: lockDir, lasts: 3 * time.Second, seed: uint64(time.Now().UnixNano()), struck: map[string]int{}}
	if text := os.Getenv("EXCLUSION_SECONDS"); text != "" {
		a.lasts = time.Duration(live.Must[int](t)(strconv.Atoi(text))) * time.Second
	}
	if text := os.Getenv("EXCLUSION_SEED"); text != "" {
		a.seed = live.Must[uint64](t)(strconv.ParseUint(text, 10, 64))
	}
	a.random = rand.New(rand.NewPCG(a.seed, 0))
	a.cluster = etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version)))
	for _, endpoint := range a.cluster.Endpoints() {
		a.proxies = append(a.proxies, faultproxy.New(t, endpoint))
	}
	for range groups {
		g := &group{}
		for _, proxy := range a.proxies {
			g.links = append(g.links, faultlink.New(t, proxy.URL()))
		}
		a.groups = append(a.groups, g)
	}
	a.operator = live.Client(t, a.cluster.Endpoints()...)
	live.Must[*etcd.Response](t)(a.operator.Create(t.Context(), register, "0"))
	return a
}

func (a *arena) count(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.struck[what]++
}

// tellDeletion notes that the lock's directory, or its key, was deleted meanwhile.
func (a *arena) tellDeletion(del func() (*etcd.Response, error)) {
	e := event{Kind: deleted, At: now()}
	resp, err := del()
	if errors.Is(err, etcd.ErrKeyNotFound) {
		return
	}
	if err == nil {
		e.Index = resp.Node.ModifiedIndex
	}
	e.Until = now()
	a.history.add(e)
}

// fewest is how many tenures a run must have seen, however long that takes.
const fewest = 10

// compete lets contenders in this process, and others of these roles, compete under faults for as long as the
// run lasts, or until enough says that nothing more is to be learned.
func (a *arena) compete(inside int, outside []string, lasting int, via via, faults []fault, enough func() bool) {
	a.t.Helper()
	ctx, cancel := context.WithCancel(a.t.Context())
	defer cancel()
	began := time.Now()
	var working sync.WaitGroup
	for i := range inside {
		name := fmt.Sprintf("goroutine %d", i)
		client := live.Client(a.t, a.groups[i%len(a.groups)].endpoints()...)
		c := via(client, name)
		c.name, c.client, c.tell, c.lasting = name, client, a.history.add, lasting
		working.Go(func() { c.run(ctx) })
	}
	for i, role := range outside {
		p := startProcess(a.t, role, fmt.Sprintf("process-%d", i), a.groups[i%len(a.groups)].endpoints(), a.history.add)
		a.processes = append(a.processes, p)
	}
	working.Go(func() {
		for ctx.Err() == nil {
			if enough() || time.Since(began) > a.lasts && len(a.history.seen()) >= fewest {
				cancel()
			}
			rest(ctx, calm)
		}
	})
	a.torment(ctx, faults)
	for _, p := range a.processes {
		p.end()
	}
	working.Wait()
}

func (a *arena) summarize() {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(a.struck)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, a.struck[name]))
	}
	line := fmt.Sprintf("%v, seed %d: %d tenures, %d writes accepted, %d refused, %d unlocked, %d extended, %d taken over; %s",
		a.lasts, a.seed, len(a.history.seen()), a.history.count(accepted), a.history.count(refused),
		a.history.count(released), a.history.count(extended), a.history.takenOver(), strings.Join(parts, ", "))
	a.t.Log(line)
	if atLength() {
		fmt.Printf("%s: %s\n", a.t.Name(), line)
	}
}
