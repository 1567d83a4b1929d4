package contexts

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestMergedEndsWithEitherAndHasItsCause(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	tests := []struct {
		name string
		end  func(ctx, other context.CancelCauseFunc)
		want error
	}{
		{"ctx", func(ctx, _ context.CancelCauseFunc) { ctx(first) }, first},
		{"other", func(_, other context.CancelCauseFunc) { other(second) }, second},
		{"ctx without a cause", func(ctx, _ context.CancelCauseFunc) { ctx(nil) }, context.Canceled},
		{"other without a cause", func(_, other context.CancelCauseFunc) { other(nil) }, context.Canceled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, endCtx := context.WithCancelCause(t.Context())
				other, endOther := context.WithCancelCause(t.Context())
				merged, cancel := Merge(ctx, other)
				defer cancel()
				synctest.Wait()
				if merged.Err() != nil {
					t.Errorf("ended before either: %v", context.Cause(merged))
				}
				test.end(endCtx, endOther)
				<-merged.Done()
				endCtx(errors.New("late"))
				endOther(errors.New("late"))
				synctest.Wait()
				checkEnded(t, merged, test.want)
			})
		})
	}
}

func TestMergedOfOneThatHasEndedEndsAtOnce(t *testing.T) {
	ended, end := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	end(cause)
	for name, merge := range map[string]func() (context.Context, context.CancelFunc){
		"ctx":   func() (context.Context, context.CancelFunc) { return Merge(ended, t.Context()) },
		"other": func() (context.Context, context.CancelFunc) { return Merge(t.Context(), ended) },
	} {
		t.Run(name, func(t *testing.T) {
			merged, cancel := merge()
			defer cancel()
			<-merged.Done()
			checkEnded(t, merged, cause)
		})
	}
}

// checkEnded fails unless ctx was canceled because of cause.
func checkEnded(t *testing.T, ctx context.Context, cause error) {
	t.Helper()
	if !errors.Is(ctx.Err(), context.Canceled) || !errors.Is(context.Cause(ctx), cause) {
		t.Errorf("error %v, cause %v; want the cause %v", ctx.Err(), context.Cause(ctx), cause)
	}
}

func TestMergedHasValuesAndDeadlineOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		soon, late := time.Now().Add(time.Second), time.Now().Add(time.Minute)
		ctx, cancelCtx := context.WithDeadline(context.WithValue(t.Context(), key{}, "of ctx"), late)
		defer cancelCtx()
		other, cancelOther := context.WithDeadline(context.WithValue(t.Context(), key{}, "of other"), soon)
		defer cancelOther()
		merged, cancel := Merge(ctx, other)
		defer cancel()
		if value := merged.Value(key{}); value != "of ctx" {
			t.Errorf("value is %v", value)
		}
		if deadline, ok := merged.Deadline(); !ok || !deadline.Equal(late) {
			t.Errorf("deadline is %v, %t", deadline, ok)
		}
		<-merged.Done() // all the same, when other ends
		if !time.Now().Equal(soon) {
			t.Errorf("ended at %v, want %v", time.Now(), soon)
		}
		checkEnded(t, merged, context.DeadlineExceeded)
	})
}

func TestCancelLeavesNothing(t *testing.T) {
	ctx, other := newCounted(t.Context()), newCounted(t.Context())
	merged, cancel := Merge(ctx, other)
	if ctx.waiting != 1 || other.waiting != 1 {
		t.Errorf("%d and %d functions wait", ctx.waiting, other.waiting)
	}
	cancel()
	cancel() // again, which does nothing
	checkEnded(t, merged, context.Canceled)
	if ctx.waiting != 0 || other.waiting != 0 {
		t.Errorf("%d and %d functions still wait", ctx.waiting, other.waiting)
	}
}

// counted is a context that does not end, and counts the functions that wait for its end.
type counted struct {
	context.Context
	done    chan struct{}
	waiting int
}

func newCounted(parent context.Context) *counted {
	return &counted{Context: parent, done: make(chan struct{})}
}

// Done hides the parent's channel, since package context would go to the parent otherwise.
func (c *counted) Done() <-chan struct{} { return c.done }

// AfterFunc is what package context calls to be told of the end.
func (c *counted) AfterFunc(func()) (stop func() bool) {
	waits := true
	c.waiting++
	return func() bool {
		stopped := waits
		if waits {
			waits = false
			c.waiting--
		}
		return stopped
	}
}
