package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/locking"
)

func (t *tour) lock(ctx context.Context) error {
	ann := locking.NewMutex(t.client, "/locks/report", locking.WithTTL(10*time.Second), locking.WithValue("ann"))
	bob := locking.NewMutex(t.client, "/locks/report", locking.WithTTL(10*time.Second), locking.WithValue("bob"))
	first, err := ann.Lock(ctx)
	if err != nil {
		return err
	}
	say("ann has the lock, with token %d", first.Token())
	if _, err := bob.TryLock(ctx); !errors.Is(err, locking.ErrLocked) {
		return fmt.Errorf("bob tries: %w", err)
	}
	say("bob finds it locked, and waits for it")
	got := make(chan error, 1)
	var second *locking.Lock
	go func() {
		var err error
		second, err = bob.Lock(ctx)
		got <- err
	}()
	if err := inLine(ctx, ann, 2); err != nil {
		return err
	}
	if err := first.Unlock(ctx); err != nil {
		return err
	}
	say("ann unlocks; the context of her work ends: %v", context.Cause(first.Context()))
	if err := <-got; err != nil {
		return err
	}
	say("bob has it now, with token %d: whoever keeps the greatest token seen can tell a late ann", second.Token())
	return second.Unlock(ctx)
}

// inLine returns when so many hold the lock or wait for it.
func inLine(ctx context.Context, mutex *locking.Mutex, n int) error {
	return until(func() (bool, error) {
		queue, err := mutex.Queue(ctx)
		return len(queue) == n, err
	})
}

func (t *tour) elect(ctx context.Context) error {
	e := election.New(t.client, "/mysql", election.WithTTL(10*time.Second))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	term, err := e.Campaign(ctx, "db-1")
	if err != nil {
		return err
	}
	next := make(chan error, 1)
	go func() {
		next <- e.Run(ctx, "db-2", func(ctx context.Context, _ *election.Term) error {
			<-ctx.Done()
			return nil
		})
	}()
	for leader, err := range e.Observe(ctx) {
		switch {
		case err != nil:
			return err
		case leader.Name == "db-1":
			say("an observer sees that db-1 leads; db-1 resigns")
			if err := term.Resign(ctx); err != nil {
				return err
			}
		case leader.Name == "db-2":
			say("the observer sees that db-2 leads, in a later term")
			cancel()
			if err := <-next; !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		}
	}
	return errors.New("the observation has ended")
}
