//go:build unix

package lockhistory_test

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/etcdtest"
)

// endless is a lock of the library whose context never ends.
type endless struct{ grip }

func (endless) Context() context.Context { return context.Background() }
func (endless) Deadline() time.Time      { return time.Now().Add(time.Hour) }

func believing(client *etcd.Client, name string, random *mathrand.Rand, ttl time.Duration) ways {
	w := makers[0].make(client, name, random, ttl)
	proper := w.lock
	w.lock = func(ctx context.Context) (grip, error) {
		lock, err := proper(ctx)
		if err != nil {
			return nil, err
		}
		return endless{lock}, nil
	}
	w.try = w.lock
	return w
}

// pushy is a lock that was taken by a key at the end of the line.
type pushy struct {
	client   *etcd.Client
	node     *etcd.Node
	deadline time.Time
	ctx      context.Context
	cancel   context.CancelFunc
}

var errNotMade = errors.New("not made")

// pushing does not look at the line when it only tries.
func pushing(client *etcd.Client, name string, random *mathrand.Rand, ttl time.Duration) ways {
	w := makers[0].make(client, name, random, ttl)
	w.try = func(ctx context.Context) (grip, error) {
		sent := time.Now()
		resp, err := client.Create(ctx, name+"/"+rand.Text(), rand.Text(), etcd.WithTTL(ttl), etcd.WithUniqueValue())
		if err != nil {
			return nil, err
		}
		p := &pushy{client: client, node: resp.Node, deadline: sent.Add(ttl)}
		p.ctx, p.cancel = context.WithDeadlineCause(context.Background(), p.deadline, locking.ErrLost)
		return p, nil
	}
	return w
}

func (p *pushy) Context() context.Context                    { return p.ctx }
func (p *pushy) Token() uint64                               { return p.node.CreatedIndex }
func (p *pushy) Deadline() time.Time                         { return p.deadline }
func (p *pushy) Extend(context.Context, time.Duration) error { return errNotMade }
func (p *pushy) SetValue(context.Context, string) error      { return errNotMade }
func (p *pushy) Unlock(ctx context.Context) error {
	p.cancel()
	_, err := p.client.CompareAndDelete(ctx, p.node.Key, etcd.Prev{Index: p.node.ModifiedIndex})
	return err
}

// many locks are taken at most: a bug shows much earlier.
const many = 200

// The check finds locks that are wrong. The short form plants the bug that shows sooner.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	s := newScene(t, etcdtest.Etcd35)
	s.deaf = 4 // or the first bug would rarely show
	for name, bug := range map[string]struct {
		kind kind
		make maker
		late bool
	}{
		"a context never ends":       {mutex, believing, true},
		"a TryLock ignores the line": {mutex, pushing, false},
	} {
		if bug.late && os.Getenv("LOCK_HISTORY") == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			h := newHistory(bug.kind)
			found := func() bool { return h.check() == porcupine.Illegal }
			s.contend(t, h, "/locks/planted", bug.make, func() bool { return found() || h.taken() >= many })()
			if !found() {
				t.Error("the bug was not found")
			}
			t.Logf("%d acquired", h.counted(acquire))
		})
	}
}
