package follow

import (
	"testing"
	"testing/synctest"
	"time"
)

// The client may send a request again, after its cluster was made anew. So a poll that took long, and that no other one
// waited beside, does not show that the history is the same.
func TestPollThatTookLongMayBeOfAnotherHistory(t *testing.T) {
	for took, want := range map[time.Duration]error{AnewTime: errOther, AnewTime - 1: nil} {
		drive(t, func(m *machine) {
			m.poll(t, 1, 1, 5).end <- 6
			second := m.asked(t, 2)
			m.same = errOther
			<-time.After(took)
			second.header <- 6
			synctest.Wait()
			check(t, "end", m.ended, want)
		})
	}
}

// A cluster that is made anew elects a leader. A header without a term shows nothing.
func TestNewTermMayBeOfAnotherHistory(t *testing.T) {
	for term, want := range map[uint64]error{2: nil, 0: nil, 1: errOther, 3: errOther} {
		drive(t, func(m *machine) {
			first := m.asked(t, 1)
			first.term = 2
			first.header <- 5
			first.end <- 6
			second := m.asked(t, 2)
			second.term = term
			m.same = errOther
			second.header <- 6
			synctest.Wait()
			check(t, "end", m.ended, want)
		})
	}
}

// So may the first header, if what the watch begins after is of another term.
func TestTermOfWhatTheWatchBeginsAfter(t *testing.T) {
	for term, want := range map[uint64]error{2: nil, 0: nil, 1: errOther, 3: errOther} {
		drive(t, func(m *machine) {
			first := m.asked(t, 1)
			first.term = 2
			m.same = errOther
			first.header <- 5
			synctest.Wait()
			check(t, "end", m.ended, want)
		}, func(w *Watch) { w.Term = term })
	}
}
