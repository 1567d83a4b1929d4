package backoff

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The clock of a bubble stands still but for the pauses themselves, so that their length is exact.
func pauseOf(t *testing.T, b *Backoff) time.Duration {
	t.Helper()
	start := time.Now()
	if err := b.Wait(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

func TestBackoffDoublesBetweenItsBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Backoff{First: 20 * time.Millisecond, Most: 100 * time.Millisecond}
		for _, ms := range []time.Duration{20, 40, 80, 100, 100} {
			whole := ms * time.Millisecond
			if got := pauseOf(t, &b); got < whole/2 || got > whole {
				t.Errorf("pause of %v, want %v to %v", got, whole/2, whole)
			}
		}
		b.Reset()
		if got := pauseOf(t, &b); got > 20*time.Millisecond {
			t.Errorf("pause of %v after a reset", got)
		}
	})
}

func TestBackoffDiffersFromClientToClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pauses := map[time.Duration]bool{}
		for range 10 {
			pauses[pauseOf(t, &Backoff{First: time.Second, Most: time.Second})] = true
		}
		if len(pauses) < 2 {
			t.Errorf("ten pauses, all of them %v", pauses)
		}
	})
}

// The first context is a caller's: its cause may be anything, so it is only in the text.
func TestBackoffEndsWithEitherContext(t *testing.T) {
	cause := errors.New("enough")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	const text = "context canceled: enough"
	b := Backoff{First: time.Hour, Most: time.Hour}
	for _, other := range []context.Context{t.Context(), ended} {
		if err := b.Wait(ended, other); !errors.Is(err, context.Canceled) || errors.Is(err, cause) || err.Error() != text {
			t.Errorf("with the caller's it returned %v", err)
		}
	}
	if err := b.Wait(t.Context(), ended); !errors.Is(err, cause) {
		t.Errorf("with the other it returned %v", err)
	}
}
