package etcd

import (
	"context"
	"time"

	"github.com/etcdv2/client/internal/backoff"
)

// watchPause is the pause between tries of a watch that fail. The longest adds to the time
// after which a watch goes on when a fault is over.
func watchPause() backoff.Backoff {
	return backoff.Backoff{First: 20 * time.Millisecond, Most: time.Second}
}

// start settles which event is the first, asking until that is told, so that nothing is missed
// should the first poll fail.
func (w *watch) start(ctx context.Context, deliver func(*Response) error) error {
	if w.next != 0 {
		return nil
	}
	begin := w.begin
	if w.current {
		begin = w.beginWithCurrent
	}
	for pause := watchPause(); ; {
		current, err := begin(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && current != nil:
			return deliver(current)
		case err == nil:
			return nil
		case final(err):
			return w.ended(err)
		}
		// Ended by the context, it is the next round that says so.
		_ = pause.Wait(ctx, w.client.cluster.life)
	}
}

// begin makes the watch begin at the store's present index.
func (w *watch) begin(ctx context.Context) (*Response, error) {
	index, err := w.client.present(ctx, w.asked)
	if err == nil {
		w.advance(index + 1)
	}
	return nil, err
}

// beginWithCurrent makes the watch begin behind a read of what is there, and returns that, or nil
// where nothing is.
func (w *watch) beginWithCurrent(ctx context.Context) (*Response, error) {
	var opts []GetOption
	if w.recursive {
		opts = append(opts, WithRecursive())
	}
	current, err := w.client.Get(ctx, w.asked, opts...)
	if absent(err) && indexOf(err) != 0 {
		w.advance(indexOf(err) + 1)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	w.cluster = current.ClusterID
	w.advance(current.Index + 1)
	return current, nil
}
