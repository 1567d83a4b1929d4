package v3tree

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/etcdv2/client/migrate/internal/sleep"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Chain makes transactions of which each depends on the one before. All of them write one key, the checkpoint, and happen
// only if nothing else has written it since. So a transaction happens once or not at all, however often it is sent and however
// late an attempt arrives; and if another process begins a chain at the same key, this one ends with ErrFenced.
//
// One goroutine may use a Chain at a time.
type Chain struct {
	client   *clientv3.Client
	key      string
	run      string // of this process; tells its checkpoints from those of others
	seq      int64
	revision int64 // of the checkpoint, as the last transaction left it
}

// ErrFenced is the error of a Chain whose checkpoint another process has written.
var ErrFenced = errors.New("v3tree: another process has taken over")

// checkpoint is what the key holds.
type checkpoint struct {
	Run   string          `json:"run"`
	Seq   int64           `json:"seq"`
	State json.RawMessage `json:"state,omitempty"`
}

const (
	txnTime  = 10 * time.Second // for an attempt
	txnPause = 100 * time.Millisecond
)

// OpenChain returns a chain that continues from the checkpoint at key, and decodes its state into state. It returns false if the
// key does not exist. It writes nothing: the first Commit takes over.
func OpenChain(ctx context.Context, client *clientv3.Client, key string, state any) (*Chain, bool, error) {
	resp, err := client.Get(ctx, key)
	if err != nil {
		return nil, false, fmt.Errorf("v3tree: read the checkpoint %s: %w", key, err)
	}
	c := &Chain{client: client, key: key, run: rand.Text()}
	if len(resp.Kvs) == 0 {
		return c, false, nil
	}
	c.revision = resp.Kvs[0].ModRevision
	var found checkpoint
	if err = json.Unmarshal(resp.Kvs[0].Value, &found); err == nil {
		err = json.Unmarshal(found.State, state)
	}
	if err != nil {
		return nil, false, fmt.Errorf("v3tree: %s is not a checkpoint: %w", key, err)
	}
	return c, true, nil
}

// Commit does the ops and writes the state, which is encoded as JSON, in one transaction. It retries until the transaction has
// happened, ctx is done, or the server refuses it.
func (c *Chain) Commit(ctx context.Context, ops []clientv3.Op, state any) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	c.seq++
	next, err := json.Marshal(checkpoint{Run: c.run, Seq: c.seq, State: text})
	if err != nil {
		return err
	}
	all := append(ops[:len(ops):len(ops)], clientv3.OpPut(c.key, string(next)))
	for {
		resp, err := c.try(ctx, all)
		switch {
		case err == nil && resp.Succeeded:
			c.revision = resp.Header.Revision
			return nil
		case err == nil:
			kvs := resp.Responses[0].GetResponseRange().Kvs
			if len(kvs) == 1 && string(kvs[0].Value) == string(next) { // an earlier attempt, whose answer was lost
				c.revision = kvs[0].ModRevision
				return nil
			}
			return fmt.Errorf("%w: the checkpoint %s has changed", ErrFenced, c.key)
		case ctx.Err() != nil:
			return ctx.Err()
		case !retryable(err):
			return fmt.Errorf("v3tree: write %d keys: %w", len(ops), err)
		}
		if err := sleep.For(ctx, txnPause); err != nil {
			return err
		}
	}
}

// try sends the transaction once.
func (c *Chain) try(ctx context.Context, ops []clientv3.Op) (*clientv3.TxnResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, txnTime)
	defer cancel()
	return c.client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(c.key), "=", c.revision)).
		Then(ops...).Else(clientv3.OpGet(c.key)).Commit()
}

// retryable reports whether the same request may succeed later: it was lost, or the cluster could not serve it for the moment.
func retryable(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var refused rpctypes.EtcdError
	code := status.Code(err)
	if errors.As(err, &refused) {
		code = refused.Code()
	}
	return code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.Internal ||
		errors.Is(err, rpctypes.ErrTooManyRequests)
}
