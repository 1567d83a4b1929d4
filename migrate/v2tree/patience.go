package v2tree

import (
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/etcd"
)

// The waits between attempts double from the first to the last.
const (
	firstWait = 20 * time.Millisecond
	lastWait  = time.Second
)

// patiently calls do again while no member gives a usable answer, or only one that lags, for up to patience.
func patiently(ctx context.Context, patience time.Duration, do func() error) error {
	deadline := time.Now().Add(patience)
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		err := do()
		var behind *behindError
		if err == nil || !etcd.Retryable(err) && !errors.As(err, &behind) || !time.Now().Add(wait).Before(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}
