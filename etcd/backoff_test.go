package etcd

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The clock of a bubble stands still but for the pauses themselves, so that their length is exact.
func pauseOf(t *testing.T, b *backoff) time.Duration {
	t.Helper()
	start := time.Now()
	if err := b.wait(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

func TestBackoffDoublesBetweenItsBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := backoff{first: 20 * time.Millisecond, most: 100 * time.Millisecond}
		for _, ms := range []time.Duration{20, 40, 80, 100, 100} {
			whole := ms * time.Millisecond
			if got := pauseOf(t, &b); got < whole/2 || got > whole {
				t.Errorf("pause of %v, want %v to %v", got, whole/2, whole)
			}
		}
		b.reset()
		if got := pauseOf(t, &b); got > 20*time.Millisecond {
			t.Errorf("pause of %v after a reset", got)
		}
	})
}

func TestBackoffDiffersFromClientToClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pauses := map[time.Duration]bool{}
		for range 10 {
			pauses[pauseOf(t, &backoff{first: time.Second, most: time.Second})] = true
		}
		if len(pauses) < 2 {
			t.Errorf("ten pauses, all of them %v", pauses)
		}
	})
}

func TestBackoffEndsWithTheCauseOfEitherContext(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	b := backoff{first: time.Hour, most: time.Hour}
	check(t, "error", b.wait(ctx, t.Context()), cause)
	check(t, "error", b.wait(t.Context(), ctx), cause)
}
