//go:build unix

package lockhistory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// clients is how many contend for a lock.
const clients = 9

// scene is a cluster that is being broken, and those who use it meanwhile.
type scene struct {
	cluster *etcdtest.Cluster
	plan    atomic.Pointer[faultproxy.Plan] // of all requests
	seed    uint64
	part    uint64 // of the choices of the seed
	deaf    int    // see client
}

func newScene(t *testing.T, version etcdtest.Version) *scene {
	t.Helper()
	s := &scene{seed: uint64(time.Now().UnixNano()), deaf: 40}
	if text := os.Getenv("LOCK_HISTORY_SEED"); text != "" {
		s.seed = live.Must[uint64](t)(strconv.ParseUint(text, 10, 64))
	}
	s.cluster = etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version)))
	s.use(faultproxy.Always(faultproxy.Pass))
	return s
}

// random returns the choices of one part of the run, which do not depend on those of the others.
func (s *scene) random() *rand.Rand {
	s.part++
	return rand.New(rand.NewPCG(s.seed, s.part))
}

// contend starts clients that take the lock of that name until that was often enough. Wait returns when it was.
func (s *scene) contend(t *testing.T, h *history, name string, make maker, enough func() bool) (wait func()) {
	t.Helper()
	var working sync.WaitGroup
	for i := range clients {
		c := &client{history: h, id: i, name: name, make: make, random: s.random(), deaf: s.deaf}
		var urls []string
		for _, endpoint := range s.cluster.Endpoints() {
			proxy := faultproxy.New(t, endpoint)
			proxy.Use(func(req *http.Request) faultproxy.Fault {
				if c.cut.Load() {
					return faultproxy.Delay(time.Hour, faultproxy.DropRequest)
				}
				return (*s.plan.Load())(req)
			})
			urls = append(urls, proxy.URL())
		}
		c.etcd = live.Connect(t, etcd.Config{Endpoints: urls, AttemptTimeout: time.Second})
		working.Go(func() { c.run(t.Context(), enough) })
	}
	return working.Wait
}

// apart is how many locks are taken between two faults, at least: on a slow machine, too, there is some progress.
const apart = 5

// breaking breaks one thing after the other, while locks are taken, until it is told to mend the last. It then
// says how many there were.
func (s *scene) breaking(t *testing.T, h *history) (mend func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	random, n := s.random(), 0
	var working sync.WaitGroup
	working.Go(func() {
		for {
			for _, i := range random.Perm(len(faults)) {
				for next := h.taken() + apart; h.taken() < next; rest(ctx, 20*time.Millisecond) {
					if ctx.Err() != nil {
						return
					}
				}
				lasts := 200*time.Millisecond + time.Duration(random.Int64N(int64(500*time.Millisecond)))
				n++
				// What was begun is mended, too.
				if err := faults[i].do(s, t.Context(), random.IntN(len(s.cluster.Members())), lasts); err != nil {
					t.Errorf("%s: %v", faults[i].name, err)
					return
				}
			}
		}
	})
	return func() int {
		cancel()
		working.Wait()
		return n
	}
}

// faults break a member, or the way to all of them, for a while.
var faults = []struct {
	name string
	do   func(s *scene, ctx context.Context, member int, lasts time.Duration) error
}{
	{"member stopped", func(s *scene, ctx context.Context, member int, lasts time.Duration) error {
		return s.restart(ctx, member, lasts, (*etcdtest.Member).Stop)
	}},
	{"member killed", func(s *scene, ctx context.Context, member int, lasts time.Duration) error {
		return s.restart(ctx, member, lasts, (*etcdtest.Member).Kill)
	}},
	{"member frozen", func(s *scene, ctx context.Context, member int, lasts time.Duration) error {
		m := s.cluster.Members()[member]
		if err := m.Freeze(); err != nil {
			return err
		}
		rest(ctx, lasts)
		return m.Thaw()
	}},
	{"requests dropped", func(s *scene, ctx context.Context, _ int, lasts time.Duration) error {
		s.some(ctx, lasts, faultproxy.DropRequest, faultproxy.DropReply, faultproxy.FailReply)
		return nil
	}},
	{"members late", func(s *scene, ctx context.Context, _ int, lasts time.Duration) error {
		late := faultproxy.Delay(300*time.Millisecond, faultproxy.Pass)
		s.some(ctx, lasts, late, late, faultproxy.Delay(2*time.Second, faultproxy.DropReply))
		return nil
	}},
}

func (s *scene) restart(ctx context.Context, member int, lasts time.Duration, stop func(*etcdtest.Member) error) error {
	m := s.cluster.Members()[member]
	if err := stop(m); err != nil {
		return err
	}
	rest(ctx, lasts)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := m.Restart(ctx); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return nil
}

// some does each of the faults to a tenth of the writes.
func (s *scene) some(ctx context.Context, lasts time.Duration, faults ...faultproxy.Fault) {
	s.use(faultproxy.Writes(func() faultproxy.Fault {
		// Not the scene's own random numbers: the proxies ask at the same time.
		if i := rand.IntN(10); i < len(faults) {
			return faults[i]
		}
		return faultproxy.Pass
	}))
	rest(ctx, lasts)
	s.use(faultproxy.Always(faultproxy.Pass))
}

// use makes all proxies go by a plan.
func (s *scene) use(plan faultproxy.Plan) { s.plan.Store(&plan) }
