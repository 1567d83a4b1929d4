package sim

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// TestRWMutex: a writer holds it alone, readers hold it together, and nobody overtakes a writer. The guarantees are
// listed at contest.
func TestRWMutex(t *testing.T) {
	const ttl = 5 * time.Second
	options := Options{Drift: ttl / 10, Every: time.Second, Longest: 15 * time.Second, Whole: 0.6}
	run(t, "rwmutex", options, func(w *World) {
		c := newContest(w, "/locks/rw", ttl, readersOrWriter)
		newContender := func(i int, name string) *contender {
			reader := i%3 != 0
			return &contender{
				name: name, client: w.Client(name, etcd.Config{}), chance: w.Chance(name), shared: reader,
				hold: time.Second, patient: 0.7,
				lock: func(client *etcd.Client, options ...locking.Option) acquirer {
					rw := locking.NewRWMutex(client, c.dir, options...)
					if reader {
						return readers{rw}
					}
					return rw
				},
			}
		}
		c.disturbed(several("c", 7, newContender))
		c.calmly(6, several("fresh", 6, newContender))
		writer := []*contender{newContender(0, "writer")}
		c.waves(several("reader", 3, func(_ int, name string) *contender { return newContender(1, name) }), writer,
			several("next", 3, func(_ int, name string) *contender { return newContender(1, name) }))
		c.isGone()
	})
}

var readersOrWriter = rule{
	together: func(inside []*tenure) bool {
		return len(inside) == 1 || !slices.ContainsFunc(inside, func(t *tenure) bool { return !t.shared })
	},
	first: func(t *tenure, before []rival) bool {
		return len(before) == 0 || t.shared && !slices.ContainsFunc(before, func(r rival) bool { return !r.Shared })
	},
}

// readers are those of an RWMutex.
type readers struct{ rw *locking.RWMutex }

func (r readers) Lock(ctx context.Context) (*locking.Lock, error)    { return r.rw.RLock(ctx) }
func (r readers) TryLock(ctx context.Context) (*locking.Lock, error) { return r.rw.TryRLock(ctx) }
