package cluster

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// asideFor sets h aside, waits until just that is over, and returns how long it took.
func asideFor(t *testing.T, h *health) time.Duration {
	t.Helper()
	while := h.failed()
	<-time.After(while - 1)
	check(t, "aside until the end", h.aside(), true)
	<-time.After(1)
	check(t, "aside afterwards", h.aside(), false)
	return while
}

func TestMemberIsSetAsideForLongerAfterEachFailureInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h health
		check(t, "aside before any failure", h.aside(), false)
		whole := 500 * time.Millisecond
		for range 100 { // far more than the doublings, which must not overflow
			if got := asideFor(t, &h); got < whole/2 || got > whole {
				t.Fatalf("set aside for %v, want %v to %v", got, whole/2, whole)
			}
			whole = min(2*whole, 30*time.Second)
		}
	})
}

// Clients that saw a member fail together must not come back to it together.
func TestTimeAsideDiffersFromClientToClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := map[time.Duration]bool{}
		for range 20 {
			var h health
			times[h.failed()] = true
		}
		if len(times) < 2 {
			t.Errorf("set aside twenty times, always for %v", times)
		}
	})
}

// Many calls can meet the same outage; it is one failure.
func TestFailuresWhileAsideDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h health
		var counted atomic.Int64
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				if h.failed() > 0 {
					counted.Add(1)
				}
			})
		}
		calls.Wait()
		check(t, "failures counted", counted.Load(), int64(1))
		<-time.After(500 * time.Millisecond)
		if got := h.failed(); got < 500*time.Millisecond || got > time.Second {
			t.Errorf("set aside for %v, which is not the second failure's time", got)
		}
	})
}

func TestAnswerForgetsAllFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h health
		for range 5 {
			asideFor(t, &h)
		}
		h.failed()
		check(t, "there was something to forget", h.answered(), true)
		check(t, "aside", h.aside(), false)
		if got := h.failed(); got > 500*time.Millisecond {
			t.Errorf("set aside for %v, which is not the first failure's time", got)
		}
	})
}

// A failure counts also when its time is over: nothing has shown since that the member is well.
func TestAnswerAfterTheTimeAsideIsNewsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h health
		asideFor(t, &h)
		check(t, "answered", h.answered(), true)
	})
}

func TestOnlyTheFirstAnswerAfterAFailureIsNews(t *testing.T) {
	var h health
	check(t, "answer before any failure", h.answered(), false)
	h.failed()
	var news atomic.Int64
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			if h.answered() {
				news.Add(1)
			}
		})
	}
	calls.Wait()
	check(t, "answers that were news", news.Load(), int64(1))
	check(t, "a later answer", h.answered(), false)
}
