package tour_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

var lockStops = []stop{
	{"Mutex.Lock Mutex.TryLock Mutex.Holder Mutex.Queue Mutex.Observe Mutex.Remove " +
		"Lock.Key Lock.Token Lock.Value Lock.SetValue Lock.Extend Lock.Deadline Lock.Context Lock.Unlock", mutex},
	{"RWMutex.Lock RWMutex.RLock RWMutex.TryLock RWMutex.TryRLock RWMutex.RLocker RWMutex.Holders RWMutex.Queue", rwMutex},
	{"Semaphore.Lock Semaphore.TryLock Semaphore.Holders Semaphore.Queue", semaphore},
	{"Election.Campaign Election.Leader Election.Candidates Election.Observe Election.Remove " +
		"Term.Context Term.Deadline Term.Name Term.Token Term.Proclaim Term.Resign", campaign},
	{"Election.Run", run},
}

func mustLock(t *testing.T) func(*locking.Lock, error) *locking.Lock {
	t.Helper()
	return live.Must[*locking.Lock](t)
}

func contenders(t *testing.T) func([]locking.Contender, error) int {
	return func(all []locking.Contender, err error) int {
		t.Helper()
		return len(live.Must[[]locking.Contender](t)(all, err))
	}
}

// taken takes what is free, and checks that the next one finds it locked.
func taken(t *testing.T, lock func(context.Context) (*locking.Lock, error), try ...func(context.Context) (*locking.Lock, error)) *locking.Lock {
	t.Helper()
	held := mustLock(t)(lock(t.Context()))
	for _, try := range try {
		_, err := try(t.Context())
		fails(t, err, locking.ErrLocked)
	}
	return held
}

func mutex(t *testing.T, v visit) {
	ctx := t.Context()
	m := locking.NewMutex(v.client, v.dir, locking.WithTTL(time.Minute), locking.WithValue("me"))
	lock := taken(t, m.Lock, m.TryLock)
	if lock.Token() == 0 || lock.Value() != "me" || lock.Context().Err() != nil || time.Until(lock.Deadline()) < 30*time.Second {
		t.Errorf("token %d, value %q, deadline %v", lock.Token(), lock.Value(), lock.Deadline())
	}
	fails(t, lock.SetValue(ctx, "still me"), nil)
	fails(t, lock.Extend(ctx, time.Hour), nil)
	holder := live.Must[locking.Contender](t)(m.Holder(ctx))
	if holder.Key != lock.Key() || holder.Value != "still me" || holder.Token != lock.Token() || holder.TTL < 30*time.Minute {
		t.Errorf("the holder is %+v", holder)
	}
	next := make(chan *locking.Lock)
	go func() {
		lock, err := m.Lock(ctx)
		fails(t, err, nil)
		next <- lock
	}()
	live.Eventually(t, "another one waits", func() bool { return contenders(t)(m.Queue(ctx)) == 2 })
	fails(t, lock.Unlock(ctx), nil)
	second := <-next
	if second.Token() <= lock.Token() {
		t.Errorf("token %d follows %d", second.Token(), lock.Token())
	}
	for holder, err := range m.Observe(ctx) {
		if err != nil || holder.Key != second.Key() {
			t.Errorf("observed %+v, %v", holder, err)
		}
		break
	}
	fails(t, m.Remove(ctx, live.Must[locking.Contender](t)(m.Holder(ctx))), nil)
	<-second.Context().Done()
	fails(t, second.Unlock(ctx), locking.ErrLost)
	fails(t, context.Cause(lock.Context()), locking.ErrUnlocked)
}

func rwMutex(t *testing.T, v visit) {
	ctx := t.Context()
	rw := locking.NewRWMutex(v.client, v.dir)
	first := taken(t, rw.RLock, rw.TryLock)
	second := mustLock(t)(rw.RLocker().Lock(ctx))
	third := mustLock(t)(rw.TryRLock(ctx))
	if n := contenders(t)(rw.Holders(ctx)); n != 3 {
		t.Errorf("%d read", n)
	}
	writer := make(chan *locking.Lock)
	go func() {
		lock, err := rw.Lock(ctx)
		fails(t, err, nil)
		writer <- lock
	}()
	live.Eventually(t, "the writer waits", func() bool { return contenders(t)(rw.Queue(ctx)) == 4 })
	for _, lock := range []*locking.Lock{first, second, third} {
		fails(t, lock.Unlock(ctx), nil)
	}
	lock := <-writer
	_, err := rw.TryRLock(ctx)
	fails(t, err, locking.ErrLocked)
	fails(t, lock.Unlock(ctx), nil)
}

func semaphore(t *testing.T, v visit) {
	ctx := t.Context()
	s := locking.NewSemaphore(v.client, v.dir, 2)
	first := taken(t, s.Lock)
	second := taken(t, s.TryLock, s.TryLock)
	if n := contenders(t)(s.Holders(ctx)); n != 2 {
		t.Errorf("%d hold it", n)
	}
	fails(t, errors.Join(first.Unlock(ctx), second.Unlock(ctx)), nil)
	if n := contenders(t)(s.Queue(ctx)); n != 0 {
		t.Errorf("%d are left", n)
	}
}

func campaign(t *testing.T, v visit) {
	ctx := t.Context()
	e := election.New(v.client, v.dir)
	term := live.Must[*election.Term](t)(e.Campaign(ctx, "one"))
	if term.Name() != "one" || term.Context().Err() != nil || time.Until(term.Deadline()) <= 0 {
		t.Errorf("the term of %q ends at %v", term.Name(), term.Deadline())
	}
	fails(t, term.Proclaim(ctx, "first"), nil)
	if leader := live.Must[election.Leader](t)(e.Leader(ctx)); leader.Name != "first" || leader.Token != term.Token() {
		t.Errorf("the leader is %+v", leader)
	}
	if all := live.Must[[]election.Leader](t)(e.Candidates(ctx)); len(all) != 1 {
		t.Errorf("candidates %+v", all)
	}
	var seen []string
	for leader, err := range e.Observe(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, leader.Name); !leader.Elected() {
			break
		}
		fails(t, term.Resign(ctx), nil)
	}
	if len(seen) != 2 || seen[0] != "first" {
		t.Errorf("observed %q", seen)
	}
	removed := live.Must[*election.Term](t)(e.Campaign(ctx, "two"))
	fails(t, e.Remove(ctx, "two"), nil)
	<-removed.Context().Done()
	fails(t, context.Cause(removed.Context()), locking.ErrLost)
	fails(t, e.Remove(ctx, "two"), etcd.ErrKeyNotFound)
}

func run(t *testing.T, v visit) {
	e := election.New(v.client, v.dir)
	enough := errors.New("enough")
	err := e.Run(t.Context(), "one", func(ctx context.Context, term *election.Term) error {
		if leader := live.Must[election.Leader](t)(e.Leader(ctx)); leader.Token != term.Token() {
			t.Errorf("the leader is %+v", leader)
		}
		return enough
	})
	fails(t, err, enough)
}
