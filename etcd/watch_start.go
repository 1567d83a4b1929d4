package etcd

import (
	"context"
	"time"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/follow"
)

// start determines the first index. It retries until it knows the index, so that nothing is missed if the
// first poll fails. The header of the poll would be a cheaper source, but a proxy may hold it back.
func (w *watch) start(ctx context.Context, deliver func(*Response) error) error {
	w.followed = time.Now()
	if w.next != 0 {
		return nil
	}
	begin := w.begin
	if w.current {
		begin = w.beginWithCurrent
	}
	for pause := follow.NewPause(); ; {
		current, err := begin(ctx)
		switch {
		case ctx.Err() != nil:
			return contexts.Err(ctx)
		case err == nil && current != nil:
			return deliver(current)
		case err == nil:
			return nil
		case !Retryable(err):
			return w.ended(max(w.next, 1)-1, err)
		}
		// If the context ends the pause, the next round returns.
		_ = pause.Wait(ctx, ctx)
	}
}

// begin makes the watch begin after the store's present index. Watches that begin together ask one after the
// other, a few at a time, because a feed that the first ones have opened knows the index.
func (w *watch) begin(ctx context.Context) (*Response, error) {
	select {
	case w.client.starts <- struct{}{}:
		defer func() { <-w.client.starts }()
	case <-ctx.Done():
		return nil, contexts.Err(ctx)
	}
	index := w.client.hub.Present(w.joining())
	if index == 0 {
		var err error
		if index, err = w.client.present(ctx, w.asked); err != nil {
			return nil, err
		}
	}
	w.next, w.followed = index+1, time.Now()
	return nil, nil
}

// beginWithCurrent makes the watch begin after a read of the present content. It returns the response, or nil
// if the key does not exist.
func (w *watch) beginWithCurrent(ctx context.Context) (*Response, error) {
	opts := []GetOption{WithSorted()}
	if w.recursive {
		opts = append(opts, WithRecursive())
	}
	current, err := w.client.getToFollow(ctx, w.asked, opts...)
	if absent(err) && indexOf(err) != 0 {
		w.next = indexOf(err) + 1
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	w.cluster = current.ClusterID
	w.marks.read(current)
	w.next = current.Index + 1
	return current, nil
}
