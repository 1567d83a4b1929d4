package locking

import (
	"context"
	"slices"

	"github.com/etcdv2/client/etcd"
)

// RWMutex is a lock of a cluster that any number of readers or one writer can hold. It is fair: a reader waits
// for a writer that came before it, even if the writer itself waits. Multiple goroutines may use it at once.
// NewRWMutex makes one; the zero value is not usable.
type RWMutex struct{ write, read *queue }

// NewRWMutex returns the read/write mutex with the name, which is the directory in which contenders queue up. It
// sends nothing. WithPythonLayout and WithSingleKey cannot be used with it.
func NewRWMutex(client *etcd.Client, name string, opts ...Option) *RWMutex {
	rw := &RWMutex{newQueue(client, name, 0, opts), newQueue(client, name, 0, opts)}
	rw.read.shared, rw.read.rule = true, shared
	rw.write.needNative()
	rw.read.needNative()
	return rw
}

// shared lets hold who has only readers before it; it waits for the last writer before it.
func shared(line []Contender, at int) []Contender {
	for _, c := range slices.Backward(line[:at]) {
		if !c.Shared {
			return []Contender{c}
		}
	}
	return nil
}

// needNative refuses the layout of others.
func (q *queue) needNative() {
	if what := q.layout.foreign(); what != "" {
		q.err = invalid("%s is a mutex, and has neither readers nor slots", what)
	}
}

// Lock waits until nobody holds the mutex and takes it for writing. See Mutex.Lock.
func (rw *RWMutex) Lock(ctx context.Context) (*Lock, error) { return rw.write.lock(ctx) }

// TryLock takes the mutex for writing if nobody holds it or waits for it. Otherwise it returns ErrLocked.
func (rw *RWMutex) TryLock(ctx context.Context) (*Lock, error) { return rw.write.tryLock(ctx) }

// RLock waits until no writer holds the mutex or waits before this reader, and takes it for reading.
func (rw *RWMutex) RLock(ctx context.Context) (*Lock, error) { return rw.read.lock(ctx) }

// TryRLock takes the mutex for reading if no writer holds it or waits for it. Otherwise it returns ErrLocked.
func (rw *RWMutex) TryRLock(ctx context.Context) (*Lock, error) { return rw.read.tryLock(ctx) }

// RLocker returns an Acquirer whose Lock takes the mutex for reading, for use with Do.
func (rw *RWMutex) RLocker() Acquirer { return reader{rw} }

type reader struct{ rw *RWMutex }

func (r reader) Lock(ctx context.Context) (*Lock, error) { return r.rw.RLock(ctx) }

// Holders returns the readers, or the writer, that hold the mutex.
func (rw *RWMutex) Holders(ctx context.Context) ([]Contender, error) { return rw.write.holders(ctx) }

// Queue returns the contenders that hold the mutex, and then those that wait for it, in order.
func (rw *RWMutex) Queue(ctx context.Context) ([]Contender, error) {
	line, err := rw.write.list(ctx)
	return line.contenders, err
}
