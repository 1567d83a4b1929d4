package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
)

const (
	callTimeout = 10 * time.Second      // a caller's patience with one call
	writePace   = 8 * time.Millisecond  // between two writes of a writer
	readPace    = 10 * time.Millisecond // between two reads of a reader
)

// load is what writers and readers do to a cluster, and the claims that they collect.
type load struct {
	*run
	clients []*etcd.Client
	until   context.Context // ends the load, not the calls under way

	registers map[int]*register // of the workers that have one

	mu      sync.Mutex
	created claims
	queued  claims
}

// client returns the client of a worker: each is used by several.
func (l *load) client(worker int) *etcd.Client { return l.clients[worker%len(l.clients)] }

// call runs one call under a caller's deadline. It is not cut by the end of the load, which would
// leave outcomes unknown that need not be.
func (l *load) call(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(l.t.Context(), callTimeout)
	defer cancel()
	return do(ctx)
}

// write runs a write and counts its fate.
func (l *load) write(do func(ctx context.Context) error) (fate, error) {
	began := time.Now()
	err := l.call(do)
	l.longest("write", time.Since(began))
	l.count("writes "+fateOf(err).String(), 1)
	return fateOf(err), err
}

// read runs a read, which must succeed.
func (l *load) read(do func(ctx context.Context) error) {
	l.count("reads", 1)
	began := time.Now()
	if err := l.call(do); err != nil {
		l.complain("reads failed", "a read failed: %v", err)
	}
	l.longest("read", time.Since(began))
}

// createKeys creates one key after the other.
func (l *load) createKeys(worker int, unique bool) {
	mine := claims{}
	for i := 0; pace(l.until, writePace); i++ {
		value := fmt.Sprintf("%d-%d", worker, i)
		fate, err := l.write(func(ctx context.Context) error {
			_, err := l.client(worker).Create(ctx, "/created/"+value, value, promised[etcd.CreateOption](unique)...)
			return err
		})
		mine[value] = claim{fate, err}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(l.created, mine)
}

// fillQueue puts one value after the other into a queue that all share.
func (l *load) fillQueue(worker int, unique bool) {
	mine := claims{}
	for i := 0; pace(l.until, writePace); i++ {
		value := fmt.Sprintf("%d-%d", worker, i)
		fate, err := l.write(func(ctx context.Context) error {
			_, err := l.client(worker).CreateInOrder(ctx, "/queue", value, promised[etcd.CreateInOrderOption](unique)...)
			return err
		})
		mine[value] = claim{fate, err}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(l.queued, mine)
}

// setRegister overwrites a key of its own with one number after the other.
func (l *load) setRegister(worker int) {
	r := l.registers[worker]
	for i := 0; pace(l.until, writePace); i++ {
		value, before := fmt.Sprintf("%d-%d", worker, i), ""
		fate, _ := l.write(func(ctx context.Context) error {
			resp, err := l.client(worker).Set(ctx, r.key, value)
			if err == nil && resp.PrevNode != nil {
				before = resp.PrevNode.Value
			}
			return err
		})
		r.wrote(value, fate, before)
	}
}

// swapRegister builds a chain of compare-and-swaps on a key of its own.
func (l *load) swapRegister(worker int, unique bool) {
	r := l.registers[worker]
	index := l.look(worker, r)
	for i := 0; pace(l.until, writePace); i++ {
		value, prev := fmt.Sprintf("%d-%d", worker, i), etcd.Prev{Index: index}
		if i%2 == 1 || index == 0 {
			prev = etcd.Prev{Value: r.current}
		}
		fate, err := l.write(func(ctx context.Context) error {
			resp, err := l.client(worker).CompareAndSwap(ctx, r.key, value, prev, promised[etcd.CompareAndSwapOption](unique)...)
			if err == nil {
				index = resp.Index
			}
			return err
		})
		// What it replaced is what it was compared with.
		r.wrote(value, fate, r.current)
		if errors.Is(err, etcd.ErrCompareFailed) && len(r.possible) == 0 {
			l.lie("%s: no other write was under way, and a compare-and-swap says %v", r.key, err)
		}
		if fate != applied {
			index = l.look(worker, r)
		}
	}
}

// look reads the register with quorum, checks what it sees, and returns its index: 0 if it cannot.
func (l *load) look(worker int, r *register) (index uint64) {
	l.read(func(ctx context.Context) error {
		resp, err := l.client(worker).Get(ctx, r.key, etcd.WithQuorum())
		if err == nil {
			r.saw(resp.Node.Value, "a read sees")
			index = resp.Node.ModifiedIndex
		}
		return err
	})
	return index
}

// readKeys reads a key that has always been there, with quorum and without, and its directory.
func (l *load) readKeys(worker int) {
	for i := 0; pace(l.until, readPace); i++ {
		l.read(func(ctx context.Context) error {
			switch i % 4 {
			case 0:
				return l.stable(l.client(worker).Get(ctx, stableKey, etcd.WithQuorum()))
			case 1:
				resp, err := l.client(worker).Get(ctx, "/stable", etcd.WithSorted())
				if err == nil && len(resp.Node.Nodes) != 1 {
					return fmt.Errorf("the directory has %d nodes", len(resp.Node.Nodes))
				}
				return err
			default:
				return l.stable(l.client(worker).Get(ctx, stableKey))
			}
		})
	}
}

const stableKey, stableValue = "/stable/key", "as ever"

func (l *load) stable(resp *etcd.Response, err error) error {
	if err == nil && resp.Node.Value != stableValue {
		return fmt.Errorf("it has the value %q", resp.Node.Value)
	}
	return err
}
