package contexts

import (
	"context"
	"errors"
	"testing"
	"time"
)

// canceled returns a context that was canceled with cause.
func canceled(t *testing.T, cause error) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	return ctx
}

// uncomparable is an error that panics if it is compared with another one of its type.
type uncomparable []string

func (uncomparable) Error() string { return "uncomparable" }

func TestErrKeepsTheCauseInTheTextOnly(t *testing.T) {
	late, cancel := context.WithDeadlineCause(t.Context(), time.Unix(0, 0), errors.New("too late"))
	defer cancel()
	for _, test := range []struct {
		ctx  context.Context
		text string
	}{
		{canceled(t, nil), "context canceled"},
		{canceled(t, context.Canceled), "context canceled"},
		{canceled(t, errors.New("key not found")), "context canceled: key not found"},
		{canceled(t, uncomparable{}), "context canceled: uncomparable"},
		{late, "context deadline exceeded: too late"},
	} {
		err := Err(test.ctx)
		if err.Error() != test.text || !errors.Is(err, test.ctx.Err()) {
			t.Errorf("got %q, want %q", err, test.text)
		}
		if cause := context.Cause(test.ctx); !errors.Is(test.ctx.Err(), cause) && errors.Is(err, cause) {
			t.Errorf("%q unwraps to the cause", err)
		}
	}
	if err := Err(t.Context()); err != nil {
		t.Errorf("a context that lives has %v", err)
	}
}

func TestWhyGoesByTheCallerFirst(t *testing.T) {
	mine, theirs := errors.New("mine"), errors.New("theirs")
	alive, own, caller := t.Context(), canceled(t, mine), canceled(t, theirs)
	if err := Why(alive, alive); err != nil {
		t.Errorf("both live, and it is %v", err)
	}
	if err := Why(alive, own); !errors.Is(err, mine) {
		t.Errorf("own has ended, and it is %v", err)
	}
	for _, own := range []context.Context{alive, own, caller} {
		if err := Why(caller, own); !errors.Is(err, context.Canceled) || errors.Is(err, mine) || errors.Is(err, theirs) {
			t.Errorf("the caller has ended, and it is %v", err)
		}
	}
}

func TestJoinAddsTheEndOnce(t *testing.T) {
	cause, failed := errors.New("enough"), errors.New("failed")
	ctx := canceled(t, cause)
	if err := Join(t.Context(), failed); !errors.Is(err, failed) || err.Error() != "failed" {
		t.Errorf("with a context that lives it is %v", err)
	}
	if err := Join(ctx, nil); err != nil {
		t.Errorf("without an error it is %v", err)
	}
	joined := Join(ctx, failed)
	const text = "failed; then context canceled: enough"
	if joined.Error() != text || !errors.Is(joined, failed) || !errors.Is(joined, context.Canceled) || errors.Is(joined, cause) {
		t.Errorf("joined it is %v", joined)
	}
	if again := Join(ctx, joined); again.Error() != text {
		t.Errorf("joined again it is %v", again)
	}
}
