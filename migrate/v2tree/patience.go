package v2tree

import (
	"context"
	"time"

	"github.com/etcdv2/client/migrate/internal/sleep"
)

// The waits between attempts double from the first to the last.
const (
	firstWait = 20 * time.Millisecond
	lastWait  = time.Second
)

// patiently calls do again for up to patience, while another try may end otherwise.
func patiently(ctx context.Context, patience time.Duration, may func(error) bool, do func() error) error {
	deadline := time.Now().Add(patience)
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		err := do()
		if err == nil || !may(err) || !time.Now().Add(wait).Before(deadline) {
			return err
		}
		if sleep.For(ctx, wait) != nil {
			return err
		}
	}
}
