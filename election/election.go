package election

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/locking"
)

// ErrNoLeader means that nobody is elected.
var ErrNoLeader = errs.New("election: no leader")

// Election is a name under which candidates compete to be the leader. Multiple goroutines may use it at once:
// each Campaign is a candidate of its own. New makes one; the zero value is not usable.
type Election struct {
	client *etcd.Client
	name   string
	opts   []locking.Option
	mutex  *locking.Mutex // for looking; each campaign makes one with its own value
}

// Option changes an Election. A nil option changes nothing. The first call reports an option that is not valid,
// as etcd.ErrInvalidArgument.
type Option func(*Election)

// New returns the election with the name, which is the directory of etcd in which the candidates queue up:
// "/mysql". Nothing else may be kept there. New sends nothing.
func New(client *etcd.Client, name string, opts ...Option) *Election {
	e := &Election{client: client, name: name}
	for _, opt := range opts {
		if opt != nil {
			opt(e)
		}
	}
	e.mutex = locking.NewMutex(client, name, e.opts...)
	return e
}

// WithTTL sets how long a leader or candidate that has died or is cut off stays in its place. Without it, that
// is locking.DefaultTTL. Etcd counts whole seconds, so ttl is rounded up.
//
// Zero makes a leader permanent: it leads until it resigns or is removed, even if its process dies. Candidates
// that wait still expire when they die.
func WithTTL(ttl time.Duration) Option {
	if ttl == 0 {
		return option(locking.WithoutTTL())
	}
	return option(locking.WithTTL(ttl))
}

// WithIdentity makes Campaign continue in the place that an earlier process with the same identity has in the
// election, so that a leader that was restarted leads again at once. Its Token stays the same. Two processes
// that run at the same time must not have the same identity; see locking.WithIdentity.
func WithIdentity(identity string) Option { return option(locking.WithIdentity(identity)) }

// WithSingleKey makes the election one key, its name, whose value is the leader's name: the layout of leader
// keys that other programs write or read. The names of candidates must be unique then, cannot be changed with
// Proclaim, and only the leader is among the Candidates. See locking.WithSingleKey.
func WithSingleKey() Option { return option(locking.WithSingleKey()) }

func option(opt locking.Option) Option {
	return func(e *Election) { e.opts = append(e.opts, opt) }
}

// Leader is the elected candidate, or none.
type Leader struct {
	Name  string // what the leader has campaigned with, or proclaimed since
	Token uint64 // its term: the fencing token, greater than that of every leader before; 0 for no leader
	Key   string // its key in the election's directory; empty for no leader
}

// Elected reports whether there is a leader.
func (l Leader) Elected() bool { return l.Token != 0 }

func leader(c locking.Contender) Leader { return Leader{Name: c.Value, Token: c.Token, Key: c.Key} }

// Campaign waits until the candidate with the name is elected. Candidates are elected in the order in which they
// came. Observe yields the name as Leader.Name, so it can be the leader's address. An empty name means the name of
// the host. If ctx is done first, Campaign returns ctx.Err() and withdraws the candidate. See locking.Mutex.Lock
// for failures.
func (e *Election) Campaign(ctx context.Context, name string) (*Term, error) {
	mutex, err := e.candidate(name)
	if err != nil {
		return nil, err
	}
	lock, err := mutex.Lock(ctx)
	if err != nil {
		return nil, err
	}
	return &Term{lock}, nil
}

// candidate returns the mutex that is to be locked with that name.
func (e *Election) candidate(name string) (*locking.Mutex, error) {
	name, err := orHost(name)
	if err != nil {
		return nil, err
	}
	opts := append([]locking.Option{locking.WithValue(name)}, e.opts...)
	return locking.NewMutex(e.client, e.name, opts...), nil
}

// orHost returns name, or the host's where there is none.
func orHost(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("election: name is empty, and the host's name cannot be read: %w", err)
	}
	return host, nil
}

// Leader returns the current leader, read with quorum, or ErrNoLeader.
func (e *Election) Leader(ctx context.Context) (Leader, error) {
	holder, err := e.mutex.Holder(ctx)
	if errors.Is(err, locking.ErrNotHeld) {
		return Leader{}, ErrNoLeader
	}
	if err != nil {
		return Leader{}, err
	}
	return leader(holder), nil
}

// Candidates returns the leader, and then the candidates that wait, in order.
func (e *Election) Candidates(ctx context.Context) ([]Leader, error) {
	queue, err := e.mutex.Queue(ctx)
	if err != nil {
		return nil, err
	}
	candidates := make([]Leader, len(queue))
	for i, c := range queue {
		candidates[i] = leader(c)
	}
	return candidates, nil
}

// Remove removes all candidates with the name from the election, including the leader. An empty name means the
// name of the host. Remove returns etcd.ErrKeyNotFound if there are none. A leader that still runs learns of it
// by the end of its term, and a candidate that waits joins again at the end of the queue.
func (e *Election) Remove(ctx context.Context, name string) error {
	name, err := orHost(name)
	if err != nil {
		return err
	}
	queue, err := e.mutex.Queue(ctx)
	if err != nil {
		return err
	}
	found := false
	for _, c := range queue {
		if c.Value != name {
			continue
		}
		found = true
		if err := e.mutex.Remove(ctx, c); err != nil && !errors.Is(err, etcd.ErrKeyNotFound) {
			return err
		}
	}
	if !found {
		return fmt.Errorf("election: remove %s from %s: no such candidate: %w", name, e.name, errs.Bare(etcd.ErrKeyNotFound))
	}
	return nil
}
