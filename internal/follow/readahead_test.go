package follow

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// sized is an event with a size.
type sized struct {
	index uint64
	size  int
}

func newSizedReadahead() *Readahead[sized] {
	return NewReadahead(func(event sized) int { return event.size })
}

// large is an event of a size that some of fit, and one more does not.
func large(index uint64) sized { return sized{index, mostAhead/4 + 1} }

var errEnough = errors.New("enough")

func TestReadaheadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSizedReadahead()
		pushed := 0
		go func() {
			for index := range uint64(10) {
				_ = r.Push(large(index)) // it never refuses
				pushed++
			}
			r.End(errEnough)
		}()
		synctest.Wait()
		check(t, "pushed before any is taken", pushed, 3)
		for index := range uint64(10) {
			event, err := r.Pop(t.Context())
			if err != nil || event.index != index {
				t.Fatalf("got %v, %v, want %d", event, err, index)
			}
			synctest.Wait()
			check(t, "pushed", pushed, min(10, 4+int(index)))
		}
		for range 2 {
			_, err := r.Pop(t.Context())
			check(t, "at the end", err, errEnough)
		}
		check(t, "bytes that count still", r.size, 0)
	})
}

// An event larger than all that may be read ahead comes through all the same.
func TestReadaheadTakesOneEventOfAnySize(t *testing.T) {
	r := newSizedReadahead()
	check(t, "taken", r.add(sized{1, mostAhead + 1}, mostAhead+1), true)
	check(t, "a second", r.add(sized{2, 1}, 1), false)
}

func TestReadaheadIsDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSizedReadahead()
		go func() {
			for index := range uint64(10) {
				_ = r.Push(large(index))
			}
			r.End(nil)
		}()
		synctest.Wait()
		r.Drain()
		check(t, "left", len(r.events), 0)
	})
}

func TestReadaheadEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSizedReadahead()
		_ = r.Push(large(1))
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("changed my mind")
		go func() {
			synctest.Wait()
			cancel(cause)
		}()
		if event, err := r.Pop(ctx); event != large(1) || err != nil {
			t.Errorf("got %v, %v", event, err)
		}
		_, err := r.Pop(ctx)
		check(t, "while it waits", err.Error(), "context canceled: changed my mind")
		_ = r.Push(large(2))
		_, err = r.Pop(ctx)
		check(t, "with events left", err.Error(), "context canceled: changed my mind")
	})
}
