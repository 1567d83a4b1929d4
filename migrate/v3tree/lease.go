package v3tree

import (
	"context"
	"fmt"
	"time"

	"github.com/etcdv2/client/migrate/internal/sleep"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Leases are those that were granted for the keys that expire, one for each second.
type Leases struct {
	client *clientv3.Client
	byEnd  map[int64]clientv3.LeaseID // by Unix time
}

// NewLeases returns a set of leases that grants them through client.
func NewLeases(client *clientv3.Client) *Leases {
	return &Leases{client: client, byEnd: map[int64]clientv3.LeaseID{}}
}

// For returns the lease for keys that expire at a time of this machine's clock, rounded up to a second; it grants the lease if
// it has not done so yet. It returns zero if the time has passed. A crash leaves leases without keys, which expire by themselves.
func (l *Leases) For(ctx context.Context, expires time.Time) (clientv3.LeaseID, error) {
	end := expires.Unix()
	if expires.Nanosecond() > 0 {
		end++
	}
	ttl := left(time.Unix(end, 0), time.Now())
	if ttl <= 0 {
		return 0, nil
	}
	if id, ok := l.byEnd[end]; ok {
		return id, nil
	}
	for {
		try, cancel := context.WithTimeout(ctx, txnTime)
		granted, err := l.client.Grant(try, ttl)
		cancel()
		switch {
		case err == nil:
			l.byEnd[end] = granted.ID
			return granted.ID, nil
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case !retryable(err):
			return 0, fmt.Errorf("v3tree: grant a lease of %d s: %w", ttl, err)
		}
		if err := sleep.For(ctx, txnPause); err != nil {
			return 0, err
		}
		if ttl = left(time.Unix(end, 0), time.Now()); ttl <= 0 {
			return 0, nil
		}
	}
}

// Forget makes For grant new leases, because the server does not know one of the old ones.
func (l *Leases) Forget() { clear(l.byEnd) }

// Count returns how many leases were granted.
func (l *Leases) Count() int { return len(l.byEnd) }
