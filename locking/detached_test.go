package locking

import (
	"context"
	"testing"
	"time"
)

func TestLingeringOutlivesItsContext(t *testing.T) {
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	late, stop := lingering(ctx)
	if got, ok := late.Deadline(); !ok || !got.Equal(deadline.Add(cleanUpTime)) {
		t.Errorf("deadline %v, want %v later", got, cleanUpTime)
	}
	cancel()
	if late.Err() != nil {
		t.Error("it ended with its context")
	}
	stop()
	if late.Err() == nil {
		t.Error("it was not ended")
	}
}
