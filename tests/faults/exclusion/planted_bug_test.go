//go:build unix

package exclusion_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/etcdtest"
)

// believer is a lock of the library, held by one who does not care whether it can be kept alive.
type believer struct{ grip }

func (believer) Context() context.Context { return context.Background() }
func (believer) Deadline() time.Time      { return time.Now().Add(time.Hour) }

func ignoringFailures(client *etcd.Client, name string) contender {
	c := viaMutex(client, name)
	return c.with(func(lock grip) grip { return believer{lock} })
}

// with returns a contender whose locks are what wrap makes of them.
func (c contender) with(wrap func(grip) grip) contender {
	proper := c.acquire
	c.do = nil
	c.acquire = func(ctx context.Context) (grip, error) {
		lock, err := proper(ctx)
		if err != nil {
			return nil, err
		}
		return wrap(lock), nil
	}
	return c
}

// polite is a lock of the library whose holder says that it has unlocked it, whatever has become of it.
type polite struct{ grip }

func (p polite) Unlock(ctx context.Context) error {
	_ = p.grip.Unlock(ctx)
	return nil
}

func unlockingInAnyCase(client *etcd.Client, name string) contender {
	return viaMutex(client, name).with(func(lock grip) grip { return polite{lock} })
}

// rude is a lock of the library that is one key, which its holder deletes in the end: whoever has it by then.
type rude struct {
	grip
	client *etcd.Client
}

func (r rude) Unlock(ctx context.Context) error {
	_, err := r.client.Delete(ctx, singleKey)
	_ = r.grip.Unlock(ctx)
	return err
}

func releasingWithoutCompare(client *etcd.Client, name string) contender {
	return viaSingleKey(client, name).with(func(lock grip) grip { return rude{lock, client} })
}

// readingToWrite takes the mutex for reading, and writes.
func readingToWrite(client *etcd.Client, name string) contender {
	c := viaRWMutex(client, name)
	c.shared = false
	return c
}

// oneTooMany names one slot more than the others believe there are.
func oneTooMany(client *etcd.Client, name string) contender {
	semaphore := locking.NewSemaphore(client, lockDir, limit+1, locking.WithTTL(ttl), locking.WithValue(name))
	return contender{acquire: by(semaphore.Lock)}
}

const oneKey = lockDir + "-one-key"

// byName is a lock that is one key for all, which its holder keeps alive and in the end deletes: whoever
// has it by then.
type byName struct {
	client *etcd.Client
	token  uint64
	ctx    context.Context
	cancel context.CancelFunc
}

func unlockingByName(client *etcd.Client, _ string) contender {
	return contender{writes: true, acquire: func(ctx context.Context) (grip, error) {
		for {
			began := time.Now()
			resp, err := client.Create(ctx, oneKey, "x", etcd.WithTTL(ttl))
			if err == nil {
				b := &byName{client: client, token: resp.Node.CreatedIndex}
				b.ctx, b.cancel = context.WithDeadline(context.Background(), began.Add(ttl))
				return b, nil
			}
			if rest(ctx, 50*time.Millisecond); ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}}
}

func (b *byName) Context() context.Context { return b.ctx }
func (b *byName) Token() uint64            { return b.token }

func (b *byName) Deadline() time.Time {
	deadline, _ := b.ctx.Deadline()
	return deadline
}

func (b *byName) Unlock(ctx context.Context) error {
	b.cancel()
	_, err := b.client.Delete(ctx, oneKey)
	if errors.Is(err, etcd.ErrKeyNotFound) {
		return nil
	}
	return err
}

// The check of the other tests finds locks that are wrong. The short form plants a bug that shows soon.
func TestPlantedBugsAreFound(t *testing.T) {
	dropping := []fault{{"replies dropped", (*arena).dropReplies}}
	losing := append(dropping, fault{"holder cut off", (*arena).cutHolder})
	for name, bug := range map[string]struct {
		via     via
		admits  admits
		lasting int
		faults  []fault
		found   string // is said of it
		soon    bool
	}{
		"renewals that fail are ignored": {ignoringFailures, one, 2, losing, "did until", true},
		"unlocks by name":                {unlockingByName, one, 2, losing, "without an error", false},
		"writes as a reader":             {readingToWrite, readersOrOneWriter, 40, dropping, "did until", false},
		"counts one slot too many":       {oneTooMany, upTo(limit), 40, dropping, "did until", false},
		"unlocks what is lost":           {unlockingInAnyCase, one, 2, losing, "without an error", false},
		"releases without compare":       {releasingWithoutCompare, one, 2, losing, "did until", false},
		"renewals undo an Extend":        {renewingAsBefore, one, 2, dropping, "only held until", false},
	} {
		if !bug.soon && !atLength() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			a := newArena(t, etcdtest.Etcd35, groups)
			a.lasts = max(a.lasts, 3*time.Minute) // it is over when one is found
			found := func() (violations []string) {
				return slices.DeleteFunc(a.history.violations(bug.admits), func(v string) bool { return !strings.Contains(v, bug.found) })
			}
			a.compete(inside, nil, bug.lasting, bug.via, bug.faults, func() bool { return len(found()) > 0 })
			if violations := found(); len(violations) == 0 {
				t.Error("the bug was not found")
			} else {
				t.Log(len(violations), "violations, such as:", violations[0])
			}
			a.summarize()
		})
	}
}
