package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/backoff"
	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// ErrTaken is the error of a Registration whose key another process has written.
var ErrTaken = errs.New("etcd: key is taken")

// registrationRenewals is how often a registration is renewed within its TTL.
const registrationRenewals = 3

// Registration is a key that announces this process to others, for example with the address of a service, and
// that is kept alive until Close. Multiple goroutines may use it at once.
type Registration struct {
	client *Client
	key    string
	ttl    time.Duration
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex // held during a request
	value   string
	tried   string // by a SetValue that may have failed
	created uint64 // createdIndex of the key that is ours; 0 if there is none
	index   uint64 // its modifiedIndex

	state sync.Mutex
	err   error // why the key is not registered; nil if it is
}

// RegistrationChanged reports that the key of a Registration was lost, or is registered again.
type RegistrationChanged struct {
	Key string
	Err error // why it is not registered; nil if it is
}

// LogValue returns the fields.
func (e RegistrationChanged) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("key", e.Key))
}

// LogMessage returns how LogObserver writes the event.
func (e RegistrationChanged) LogMessage() (slog.Level, string) {
	if e.Err != nil {
		return slog.LevelWarn, "etcd: not registered"
	}
	return slog.LevelInfo, "etcd: registered"
}

// Register stores value at key, whether the key exists or not, and keeps the key alive until the Registration is
// closed. It renews the key every third of ttl with a Refresh, which watches see only if a server is too old to
// hide it. If the key has expired or was deleted, Register creates it again. If another process has written the
// key, the key belongs to that process, and Register creates it again only when it no longer exists.
//
// A loss is noticed at the next renewal. So the key can be missing for a third of ttl, and Err returns nil until
// then.
//
// Register returns when the key is stored, or with the error of storing it, and does not repeat that write. If no
// member answers, call Register again as long as Retryable(err) is true. The Registration does not end with ctx,
// but with Close or with the client's Close.
func (c *Client) Register(ctx context.Context, key, value string, ttl time.Duration) (*Registration, error) {
	resp, err := c.Set(ctx, key, value, WithTTL(ttl))
	if err != nil {
		return nil, err
	}
	r := &Registration{client: c, key: key, ttl: ttl, value: value, tried: value, done: make(chan struct{})}
	r.wrote(resp)
	life, cancel := contexts.Merge(context.WithoutCancel(ctx), c.cluster.Life())
	r.cancel = cancel
	go r.keep(life)
	return r, nil
}

// Err returns nil while the key is registered, as far as the last request has shown. Otherwise it returns why
// the key is not registered.
func (r *Registration) Err() error {
	r.state.Lock()
	defer r.state.Unlock()
	return r.err
}

// keep renews the key until ctx ends.
func (r *Registration) keep(ctx context.Context) {
	defer close(r.done)
	pause := backoff.Backoff{First: 100 * time.Millisecond, Most: max(r.ttl/registrationRenewals, time.Second)}
	timer := time.NewTimer(r.ttl / registrationRenewals)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		wait := r.ttl / registrationRenewals
		if err := r.renew(ctx); err != nil {
			wait = pause.Step()
		} else {
			pause.Reset()
		}
		timer.Reset(wait)
	}
}

// renew makes sure that the key is there, and notes whether it is.
func (r *Registration) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(r.ttl/registrationRenewals, time.Second))
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.refresh(ctx)
	if errors.Is(err, ErrKeyNotFound) {
		r.created = 0
		err = r.create(ctx)
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, ErrClosed) { // the registration has ended
		r.tell(err)
	}
	return err
}

// tell notes whether the key is registered.
func (r *Registration) tell(err error) {
	r.state.Lock()
	before := r.err
	r.err = err
	r.state.Unlock()
	if (before == nil) != (err == nil) {
		r.client.Observe(RegistrationChanged{Key: r.key, Err: err})
	}
}

// wrote notes the key as it is after a write of ours.
func (r *Registration) wrote(resp *Response) {
	r.value, r.created, r.index = resp.Node.Value, resp.Node.CreatedIndex, resp.Node.ModifiedIndex
}

// refresh renews the key if it is still ours. It returns ErrKeyNotFound if there is none.
func (r *Registration) refresh(ctx context.Context) error {
	resp, err := r.client.Get(ctx, r.key, WithQuorum())
	if err != nil {
		return err
	}
	if err := r.ours(resp.Node); err != nil {
		return err
	}
	resp, err = r.client.Refresh(ctx, r.key, r.ttl)
	if err != nil {
		return err
	}
	if err := r.ours(resp.Node); err != nil {
		return err
	}
	r.wrote(resp)
	return nil
}

// create makes the key again.
func (r *Registration) create(ctx context.Context) error {
	resp, err := r.client.Create(ctx, r.key, r.value, WithTTL(r.ttl))
	if err != nil {
		return err
	}
	r.wrote(resp)
	return nil
}

// ours returns nil if node is the key that this registration has written. After a Create whose answer was lost,
// that is one with its value.
func (r *Registration) ours(node *Node) error {
	if (node.Value == r.value || node.Value == r.tried) && (r.created == node.CreatedIndex || r.created == 0) {
		return nil
	}
	return failed("register", r.key, fmt.Errorf("%w: its value is %.40q, created at index %d", errs.Bare(ErrTaken), node.Value, node.CreatedIndex))
}

// SetValue changes the registered value. It fails if the key is not registered or the cluster does not answer. A
// SetValue that fails may have been applied all the same.
func (r *Registration) SetValue(ctx context.Context, value string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = value
	resp, err := r.client.Modify(ctx, r.key, func(current string) (string, error) {
		if current != r.value && current != value {
			return "", failed("register", r.key, fmt.Errorf("%w: its value is %.40q", errs.Bare(ErrTaken), current))
		}
		return value, nil
	}, WithTTL(r.ttl))
	if err == nil {
		r.wrote(resp)
	}
	return err
}

// Close ends the registration, and deletes the key if it is still the one that the Registration has written. It
// returns nil if it has deleted the key, or if the key no longer exists or belongs to another process. If Close
// fails, the key expires. While no member answers, Close waits for Config.AttemptTimeout or longer, so give ctx a
// deadline.
func (r *Registration) Close(ctx context.Context) error {
	r.cancel()
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		_, err := r.client.CompareAndDelete(ctx, r.key, Prev{Index: r.index})
		if errors.Is(err, ErrKeyNotFound) {
			return nil
		}
		if !errors.Is(err, ErrCompareFailed) {
			return err
		}
		resp, err := r.client.Get(ctx, r.key, WithQuorum())
		switch {
		case errors.Is(err, ErrKeyNotFound):
			return nil
		case err != nil:
			return err
		case r.ours(resp.Node) != nil:
			return nil
		}
		r.wrote(resp) // a renewal was carried out whose answer was lost
	}
}
