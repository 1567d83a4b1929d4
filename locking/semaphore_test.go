package locking

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// semaphore returns the semaphore of a process of its own.
func (b *bubble) semaphore(limit int, opts ...Option) *Semaphore {
	return NewSemaphore(b.client(), dir, limit, append([]Option{WithTTL(ttl)}, opts...)...)
}

func TestSemaphoreHandsSlotsOn(t *testing.T) {
	inBubble(t, func(b *bubble) {
		first, second := b.lock(b.semaphore(2)), b.lock(b.semaphore(2))
		third, fourth := b.locking(b.semaphore(2)), b.locking(b.semaphore(2))
		time.Sleep(3 * ttl)
		if third.over() || fourth.over() {
			b.Fatal("more than two hold")
		}
		holders, err := b.semaphore(2).Holders(b.Context())
		if err != nil || len(holders) != 2 || holders[0].Token != first.Token() || holders[1].Token != second.Token() {
			b.Errorf("the holders are %v, %v", holders, err)
		}
		b.unlock(second)
		lock := b.within(time.Second, third)
		if fourth.over() {
			b.Fatal("more than two hold")
		}
		b.unlock(first)
		b.unlock(b.within(time.Second, fourth))
		b.unlock(lock)
		b.empty()
	})
}

// Two slots that become free at once wake two waiters, the second by the first, which writes that it holds.
func TestSemaphoreWakesOneByOne(t *testing.T) {
	inBubble(t, func(b *bubble) {
		locks := []*Lock{b.lock(b.semaphore(2)), b.lock(b.semaphore(2))}
		third, fourth := b.locking(b.semaphore(2)), b.locking(b.semaphore(2))
		for _, lock := range locks {
			b.unlock(lock)
		}
		b.within(time.Second, third)
		b.within(time.Second, fourth)
	})
}

func TestOtherLimitIsRefused(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.semaphore(2))
		began := time.Now()
		_, err := b.try(b.semaphore(3))
		b.is(err, ErrOtherLimit)
		if took := time.Since(began); took > time.Second {
			b.Errorf("it took %v", took)
		}
		_, err = b.semaphore(3).TryLock(b.Context())
		b.is(err, ErrOtherLimit)
		made := b.Requests(func(r fakestore.Request) bool { return r.Creates(dir) })
		if keys := b.Keys(dir); len(keys) != 1 || len(made) != 2 { // TryLock makes none
			b.Errorf("the keys are %v, after %v", keys, made)
		}
		b.unlock(lock)
		b.unlock(b.lock(b.semaphore(3)))
	})
}

// The limit changes while the semaphore is in use, whoever is restarted first. Never more hold than each has
// been promised.
func TestFormerLimitInBothOrders(t *testing.T) {
	for name, old := range map[string]bool{"the old ones are first": true, "the new ones are first": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				of := map[bool]func() *Semaphore{
					true:  func() *Semaphore { return b.semaphore(1) },
					false: func() *Semaphore { return b.semaphore(2, WithFormerLimit(1)) },
				}
				first := b.lock(of[old]())
				second := b.locking(of[!old]())
				time.Sleep(time.Minute)
				if second.over() {
					b.Fatalf("it did not wait: %v", second.err)
				}
				_, err := of[!old]().TryLock(b.Context())
				b.is(err, ErrLocked)
				b.unlock(first)
				b.unlock(b.within(time.Second, second))
				b.empty()
			})
		})
	}
}

func TestSemaphoreNeedsASlot(t *testing.T) {
	inBubble(t, func(b *bubble) {
		for _, s := range []*Semaphore{b.semaphore(0), b.semaphore(2, WithFormerLimit(0)), b.semaphore(2, WithPythonLayout()), b.semaphore(2, WithSingleKey())} {
			_, err := b.try(s)
			b.is(err, etcd.ErrInvalidArgument)
		}
		_, err := b.try(b.mutex(WithFormerLimit(2)))
		b.is(err, etcd.ErrInvalidArgument)
		if sent := b.Requests(func(fakestore.Request) bool { return true }); len(sent) > 0 {
			b.Errorf("sent were %v", sent)
		}
	})
}

func TestReadersShareAndWritersDoNot(t *testing.T) {
	inBubble(t, func(b *bubble) {
		rw := func() *RWMutex { return NewRWMutex(b.client(), dir, WithTTL(ttl)) }
		first, second := b.lock(rw().RLocker()), b.lock(rw().RLocker())
		writer, third := b.locking(rw()), b.locking(rw().RLocker())
		time.Sleep(2 * ttl)
		_, err := rw().TryRLock(b.Context())
		b.is(err, ErrLocked)
		holders, err := rw().Holders(b.Context())
		if err != nil || len(holders) != 2 || writer.over() || third.over() {
			b.Fatalf("the holders are %v, %v", holders, err)
		}
		b.unlock(first)
		b.settle()
		if writer.over() {
			b.Fatal("the writer holds beside a reader")
		}
		b.unlock(second)
		lock := b.within(time.Second, writer)
		if third.over() {
			b.Fatal("a reader holds beside the writer")
		}
		b.unlock(lock)
		b.unlock(b.within(time.Second, third))
		b.empty()
	})
}

// A place that somebody has taken out of the line is nobody else's.
func TestRemoveTakesOneOut(t *testing.T) {
	inBubble(t, func(b *bubble) {
		m := b.mutex()
		lock := b.lock(b.mutex())
		a := b.locking(b.mutex())
		line, err := m.Queue(b.Context())
		if err != nil || len(line) != 2 {
			b.Fatalf("the line is %v, %v", line, err)
		}
		first := true
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Deletes(dir) && first { // it is renewed meanwhile
				first = false
				return fakestore.Fault{Before: 8 * time.Second}
			}
			return fakestore.Fault{}
		})
		time.Sleep(ttl/3 - 4*time.Second)
		if err := m.Remove(b.Context(), line[0]); err != nil {
			b.Error(err)
		}
		b.ends(time.Second, lock, ErrLost)
		b.is(m.Remove(b.Context(), line[0]), etcd.ErrKeyNotFound)
		b.unlock(b.within(time.Second, a))
		b.empty()
		b.Put(line[0].Key, "another's", ttl)
		b.is(m.Remove(b.Context(), line[0]), etcd.ErrKeyNotFound)
	})
}

// Do unlocks when the work has ended, and says if the lock was lost in between.
func TestDoSaysThatTheLockWasLost(t *testing.T) {
	inBubble(t, func(b *bubble) {
		err := Do(b.Context(), b.mutex(), func(ctx context.Context, lock *Lock) error {
			b.settle()
			b.Remove(lock.Key())
			<-ctx.Done()
			return nil
		})
		b.is(err, ErrLost)
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		err = Do(ctx, b.mutex(), func(ctx context.Context, _ *Lock) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		b.is(err, context.Canceled)
		b.empty()
	})
}

// Work may return why its context has ended. Do returns that once, and joins another error of work.
func TestDoNamesALossOnce(t *testing.T) {
	inBubble(t, func(b *bubble) {
		broken := errors.New("broken")
		for _, work := range []func(cause error) error{
			func(cause error) error { return cause },
			func(cause error) error { return fmt.Errorf("at work: %w", cause) },
			func(error) error { return broken },
		} {
			err := Do(b.Context(), b.mutex(), func(ctx context.Context, lock *Lock) error {
				b.settle()
				b.Remove(lock.Key())
				<-ctx.Done()
				return work(context.Cause(ctx))
			})
			if !errors.Is(err, ErrLost) || strings.Count(err.Error(), "lock lost") != 1 {
				b.Errorf("the error is %v", err)
			}
			if errors.Is(work(nil), broken) && !errors.Is(err, broken) {
				b.Errorf("the error of work is not in %v", err)
			}
		}
		b.empty()
	})
}
