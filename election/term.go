package election

import (
	"context"
	"time"

	"github.com/etcdv2/client/locking"
)

// Term is the time in which the candidate leads, until it resigns or loses that. It may be used by many
// goroutines at the same time.
type Term struct{ lock *locking.Lock }

// Context returns the context for what only the leader may do. It ends with the term, with the cause
// locking.ErrUnlocked or locking.ErrLost: see locking.Lock.Context.
func (t *Term) Context() context.Context { return t.lock.Context() }

// Token returns the fencing token: greater than that of every leader before. See locking.Lock.Token.
func (t *Term) Token() uint64 { return t.lock.Token() }

// Name returns what observers see of the leader.
func (t *Term) Name() string { return t.lock.Value() }

// Deadline returns the moment before which nobody else is elected, if the members' clocks agree; the zero
// time in an election without TTL. See locking.Lock.Deadline.
func (t *Term) Deadline() time.Time { return t.lock.Deadline() }

// Proclaim changes what observers see of the leader, until the next Proclaim. It tries until ctx ends, and
// returns locking.ErrLost or locking.ErrUnlocked if the term is over. A failed one may have happened all the
// same.
func (t *Term) Proclaim(ctx context.Context, name string) error { return t.lock.SetValue(ctx, name) }

// Resign ends the term and lets the next candidate lead. Context ends before that. It tries until ctx ends,
// or until the TTL has passed; see locking.Lock.Unlock for its errors.
func (t *Term) Resign(ctx context.Context) error { return t.lock.Unlock(ctx) }
