package follow

import (
	"testing"
	"testing/synctest"
	"time"
)

// lag makes the first poll of the watch return event 1 while the store is at index head.
func (m *machine) lag(t *testing.T, head uint64) {
	t.Helper()
	m.poll(t, 1, 1, head).end <- 1
	synctest.Wait()
}

// asks returns how many polls have been asked.
func (m *machine) asks() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.polls)
}

// from lets the header of the poll from an index arrive. Polls that are made together come in any order.
func (m *machine) from(t *testing.T, from, index uint64) *scripted {
	t.Helper()
	m.mu.Lock()
	polls := m.polls
	m.mu.Unlock()
	for _, p := range polls {
		if p.from == from {
			p.header <- index
			synctest.Wait()
			return p
		}
	}
	t.Fatalf("no poll from %d was made", from)
	return nil
}

// A watch that lags opens no more polls ahead than the budget has, and goes on without any.
func TestPollsAheadDrawOnTheBudget(t *testing.T) {
	for left, want := range map[int]int{0: 2, 3: 5, 1000: 11} { // the first, that from the base, and those ahead
		budget := NewBudget(left)
		drive(t, func(m *machine) {
			m.lag(t, 11)
			check(t, "polls", m.asks(), want)
			for n := 2; n < 12; n++ {
				m.from(t, uint64(n), 11).end <- n
				synctest.Wait()
			}
			check(t, "delivered", len(m.delivered()), 11)
			check(t, "left of the budget", budget.left.Load(), int64(left))
		}, func(w *Watch) { w.Ahead = budget })
	}
}

// A poll that the base has reached may wait for long, and holds nothing of the budget. Nor does a poll that is
// abandoned, or whose watch ends.
func TestBudgetIsGivenBackOnce(t *testing.T) {
	budget := NewBudget(10)
	drive(t, func(m *machine) {
		m.lag(t, 5) // polls from 2 to 5
		check(t, "left while it lags", budget.left.Load(), int64(7))
		m.from(t, 2, 5).end <- 2
		synctest.Wait()
		check(t, "left when the base has reached one", budget.left.Load(), int64(8))
		m.from(t, 3, 5)
		m.from(t, 4, 5)
		quiet() // nothing more comes, so the others are abandoned
		check(t, "left when it has caught up", budget.left.Load(), int64(10))
		<-time.After(time.Second)
	}, func(w *Watch) { w.Ahead = budget })
	drive(t, func(m *machine) {
		m.lag(t, 5)
	}, func(w *Watch) { w.Ahead = budget })
	check(t, "left at the end", budget.left.Load(), int64(10))
}
