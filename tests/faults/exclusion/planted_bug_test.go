//go:build unix

package exclusion_test

import (
	"context"
	"errors"
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
	proper := c.acquire
	c.acquire = func(ctx context.Context) (grip, error) {
		lock, err := proper(ctx)
		return believer{lock}, err
	}
	return c
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

// The check of the other tests finds locks that are wrong.
func TestPlantedBugsAreFound(t *testing.T) {
	for name, bug := range map[string]struct {
		via     via
		admits  admits
		lasting int
	}{
		"renewals that fail are ignored": {ignoringFailures, one, 2},
		"unlocks by name":                {unlockingByName, one, 2},
		"writes as a reader":             {readingToWrite, readersOrOneWriter, 40},
		"counts one slot too many":       {oneTooMany, upTo(limit), 40},
	} {
		t.Run(name, func(t *testing.T) {
			a := newArena(t, etcdtest.Etcd35, groups)
			a.lasts = max(a.lasts, 3*time.Minute) // it is over when one is found
			mean := []fault{
				{"all members frozen", (*arena).freezeAll},
				{"clients partitioned", (*arena).partition},
				{"replies dropped", (*arena).dropReplies},
			}
			a.compete(inside, 0, bug.lasting, bug.via, mean, func() bool { return len(a.history.violations(bug.admits)) > 0 })
			found := a.history.violations(bug.admits)
			if len(found) == 0 {
				t.Error("the bug was not found")
			} else {
				t.Log(len(found), "violations, such as:", found[0])
			}
			a.summarize()
		})
	}
}
