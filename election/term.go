package election

import (
	"context"
	"time"

	"github.com/etcdv2/client/locking"
)

// Term is the time in which a candidate leads, until it resigns or loses the leadership. Multiple goroutines may
// use it at once.
type Term struct{ lock *locking.Lock }

// Context returns the context for the work of the leader. It ends with the term, and its cause is then
// locking.ErrUnlocked or locking.ErrLost. See locking.Lock.Context.
func (t *Term) Context() context.Context { return t.lock.Context() }

// Token returns the fencing token, which is greater than that of every earlier leader. See locking.Lock.Token.
func (t *Term) Token() uint64 { return t.lock.Token() }

// Name returns the name that observers see.
func (t *Term) Name() string { return t.lock.Value() }

// Deadline returns the time before which nobody else is elected, if the members' clocks agree. It is the zero
// time in an election without a TTL. See locking.Lock.Deadline.
func (t *Term) Deadline() time.Time { return t.lock.Deadline() }

// Proclaim changes the name that observers see, until the next Proclaim. It retries until ctx is done, and
// returns locking.ErrLost or locking.ErrUnlocked if the term is over. A Proclaim that fails may have been
// applied all the same.
func (t *Term) Proclaim(ctx context.Context, name string) error { return t.lock.SetValue(ctx, name) }

// Resign ends the term and lets the next candidate lead. Context ends before that. Resign retries until ctx is
// done or the TTL has passed. See locking.Lock.Unlock for its errors.
func (t *Term) Resign(ctx context.Context) error { return t.lock.Unlock(ctx) }
