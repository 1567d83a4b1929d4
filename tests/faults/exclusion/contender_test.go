//go:build unix

package exclusion_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

const (
	lockDir  = "/exclusion/lock"
	register = "/exclusion/register"
	ttl      = 2 * time.Second
	patience = 20 * time.Second // with one Lock
	calm     = 500 * time.Millisecond
)

// grip is a lock that is held, by the library or by one of the bugs.
type grip interface {
	Context() context.Context
	Token() uint64
	Deadline() time.Time
	Unlock(ctx context.Context) error
}

// acquire returns when the lock is held.
type acquire func(ctx context.Context) (grip, error)

// by makes an acquire of a method of one of the library's locks.
func by(lock func(context.Context) (*locking.Lock, error)) acquire {
	return func(ctx context.Context) (grip, error) { return lock(ctx) }
}

// contender locks, works and unlocks, again and again.
type contender struct {
	acquire acquire
	shared  bool // it is a reader
	writes  bool // its token, to the register

	name    string
	client  *etcd.Client
	tell    func(event)
	lasting int // of so many steps of its work, one lasts as long as the TTL
}

// via returns a contender of that name, which is yet to be told the rest.
type via func(client *etcd.Client, name string) contender

func viaMutex(client *etcd.Client, name string) contender {
	mutex := locking.NewMutex(client, lockDir, locking.WithTTL(ttl), locking.WithValue(name))
	return contender{acquire: by(mutex.Lock), writes: true}
}

// viaRWMutex makes about every third contender a writer.
func viaRWMutex(client *etcd.Client, name string) contender {
	mutex := locking.NewRWMutex(client, lockDir, locking.WithTTL(ttl), locking.WithValue(name))
	if strings.HasSuffix(name, "0") || strings.HasSuffix(name, "4") || strings.HasSuffix(name, "8") {
		return contender{acquire: by(mutex.Lock), writes: true}
	}
	return contender{acquire: by(mutex.RLock), shared: true}
}

// limit is how many the semaphore admits.
const limit = 3

func viaSemaphore(client *etcd.Client, name string) contender {
	semaphore := locking.NewSemaphore(client, lockDir, limit, locking.WithTTL(ttl), locking.WithValue(name))
	return contender{acquire: by(semaphore.Lock)}
}

func (c *contender) run(ctx context.Context) {
	for ctx.Err() == nil {
		waiting, cancel := context.WithTimeout(ctx, patience)
		lock, err := c.acquire(waiting)
		cancel()
		if err != nil {
			rest(ctx, calm)
			continue
		}
		c.work(ctx, lock)
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), ttl)
		_ = lock.Unlock(ending) // it may be lost
		cancel()
		rest(ctx, rand.N(10*time.Millisecond))
	}
}

// work writes the token to the register a few times, and says each time that it still holds the lock.
func (c *contender) work(ctx context.Context, lock grip) {
	defer func() { c.tell(event{Contender: c.name, Kind: left, Token: lock.Token(), At: now()}) }()
	for range 1 + rand.IntN(5) {
		if !c.holds(lock) {
			return
		}
		rest(ctx, rand.N(10*time.Millisecond)) // between the look and the deed anything can happen
		if c.writes {
			c.write(lock)
		}
		if rand.IntN(c.lasting) == 0 {
			// Long enough to be kept alive a few times, and too busy to hear that it is not.
			rest(ctx, 3*ttl/2)
		} else {
			rest(lock.Context(), rand.N(20*time.Millisecond))
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// holds reports whether the lock is held, and tells up to when that may be believed. The time is taken
// before the look: a process may be stopped between the two.
func (c *contender) holds(lock grip) bool {
	before, deadline := now(), lock.Deadline()
	until := before + time.Until(deadline)
	if lock.Context().Err() != nil {
		return false
	}
	c.tell(event{Contender: c.name, Kind: held, Shared: c.shared, Token: lock.Token(), At: before, Until: until})
	return true
}

// write stores the token in the register unless that has seen a greater one. The comparison and the
// write are one: this is how a resource is protected by a fencing token. The lock's context is not heeded
// here, as by a write that is on its way already: the register has to refuse what comes too late.
func (c *contender) write(lock grip) {
	ctx, cancel := context.WithTimeout(context.Background(), ttl)
	defer cancel()
	e := event{Contender: c.name, Token: lock.Token()}
	for ctx.Err() == nil {
		read, err := c.client.Get(ctx, register, etcd.WithQuorum())
		if err != nil {
			return
		}
		seen, err := strconv.ParseUint(read.Node.Value, 10, 64)
		if err != nil {
			panic(fmt.Sprintf("the register holds %q", read.Node.Value))
		}
		if seen > lock.Token() {
			e.Kind, e.At = refused, now()
			c.tell(e)
			return
		}
		resp, err := c.client.CompareAndSwap(ctx, register, strconv.FormatUint(lock.Token(), 10), etcd.Prev{Index: read.Node.ModifiedIndex})
		if err == nil {
			e.Kind, e.At, e.Index = accepted, now(), resp.Index
			c.tell(e)
		}
		if !errors.Is(err, etcd.ErrCompareFailed) {
			return
		}
	}
}

// rest waits a while, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
