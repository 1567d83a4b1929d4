package follow

import (
	"testing"
	"testing/synctest"
)

// Many polls ahead may find at once that the history has moved on. One poll from now is enough, and what the
// history has dropped is not asked for again.
func TestHistoryThatHasMovedOnIsFoundOnce(t *testing.T) {
	drive(t, func(m *machine) {
		m.present = 5000
		m.poll(t, 1, 1, 5)
		quiet()
		m.renew()
		second := m.poll(t, 2, 1, 100)
		second.end <- 2
		synctest.Wait()
		ahead := m.all()[2:]
		if len(ahead) < 10 {
			t.Fatalf("%d polls from the base on", len(ahead))
		}
		for _, p := range ahead {
			if p.from == 3 { // the base
				p.header <- 100
			}
		}
		synctest.Wait()
		for _, p := range ahead {
			if p.from != 3 {
				p.refused <- errCleared
				synctest.Wait()
			}
		}
		fromNow := 0
		for _, p := range m.all()[2+len(ahead):] {
			if p.from != 5001 {
				t.Errorf("another poll from %d", p.from)
			}
			fromNow++
		}
		check(t, "polls from now", fromNow, 1)
	})
}
