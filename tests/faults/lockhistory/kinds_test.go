//go:build unix

package lockhistory_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// slots is how many the semaphore admits.
const slots = 2

var (
	mutex = kind{name: "mutex", admits: func(others []act, _ bool) bool { return len(others) == 0 }}

	rwMutex = kind{name: "rwmutex", admits: func(others []act, shared bool) bool {
		return !slices.ContainsFunc(others, func(other act) bool { return !other.shared || !shared })
	}}

	semaphore = kind{name: "semaphore", slots: true, admits: func(others []act, _ bool) bool { return len(others) < slots }}

	singleKey = kind{name: "single key", admits: mutex.admits}
)

// grip is a lock that is held, by the library or by one of the bugs.
type grip interface {
	Context() context.Context
	Token() uint64
	Deadline() time.Time
	Extend(ctx context.Context, ttl time.Duration) error
	SetValue(ctx context.Context, value string) error
	Unlock(ctx context.Context) error
}

// ways are how a lock is taken.
type ways struct {
	lock, try func(ctx context.Context) (grip, error)
	shared    bool
}

// maker makes ways of taking the lock of that name.
type maker func(client *etcd.Client, name string, random *rand.Rand, ttl time.Duration) ways

func by(lock func(context.Context) (*locking.Lock, error)) func(context.Context) (grip, error) {
	return func(ctx context.Context) (grip, error) {
		l, err := lock(ctx)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

// makers are those of each kind.
var makers = []struct {
	kind kind
	make maker
}{
	{mutex, func(client *etcd.Client, name string, _ *rand.Rand, ttl time.Duration) ways {
		m := locking.NewMutex(client, name, locking.WithTTL(ttl))
		return ways{lock: by(m.Lock), try: by(m.TryLock)}
	}},
	{rwMutex, func(client *etcd.Client, name string, random *rand.Rand, ttl time.Duration) ways {
		rw := locking.NewRWMutex(client, name, locking.WithTTL(ttl))
		if random.IntN(3) > 0 {
			return ways{lock: by(rw.RLock), try: by(rw.TryRLock), shared: true}
		}
		return ways{lock: by(rw.Lock), try: by(rw.TryLock)}
	}},
	{semaphore, func(client *etcd.Client, name string, _ *rand.Rand, ttl time.Duration) ways {
		s := locking.NewSemaphore(client, name, slots, locking.WithTTL(ttl))
		return ways{lock: by(s.Lock), try: by(s.TryLock)}
	}},
	{singleKey, func(client *etcd.Client, name string, _ *rand.Rand, ttl time.Duration) ways {
		m := locking.NewMutex(client, name, locking.WithTTL(ttl), locking.WithSingleKey())
		return ways{lock: by(m.Lock), try: by(m.TryLock)}
	}},
}
