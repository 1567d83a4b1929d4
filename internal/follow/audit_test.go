package follow

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A member that has received a snapshot may have skipped something before the event that a poll there has waited for.
// The history shows whether it has, if the next header shows that there may have been a snapshot.
func TestEventIsCertainWhenTheNextPollHasArrived(t *testing.T) {
	for name, test := range map[string]struct {
		index   uint64 // of the store when the first poll arrived
		skipped bool
		next    uint64 // index of the store when the next one arrived
		audited bool
	}{
		"it shows that there was no snapshot":   {5, false, 7, false},
		"there may have been one":               {5, true, 7, true},
		"the event was in the history":          {7, true, 7, false},
		"its member has not come so far itself": {5, true, 6, false},
	} {
		t.Run(name, func(t *testing.T) {
			drive(t, func(m *machine) {
				first := m.poll(t, 1, 1, test.index)
				first.skipped.Store(test.skipped)
				first.end <- 7
				synctest.Wait()
				check(t, "delivered", m.delivered(), []uint64{7})
				m.poll(t, 2, 8, test.next)
				check(t, "polls", len(m.all()), map[bool]int{true: 3, false: 2}[test.audited])
			})
		})
	}
}

// audited drives a watch that has delivered the event at 7 when an audit begins.
func audited(t *testing.T, then func(m *machine), change ...func(*Watch)) {
	drive(t, func(m *machine) {
		first := m.poll(t, 1, 1, 5)
		first.skipped.Store(true)
		first.end <- 7
		m.poll(t, 2, 8, 7)
		then(m)
	}, change...)
}

func TestAudit(t *testing.T) {
	var after uint64
	records := func(w *Watch) {
		w.Ended = func(index uint64, err error) error {
			after = index
			return err
		}
	}
	audited(t, func(m *machine) {
		m.poll(t, 3, 1, 7).end <- 7
		synctest.Wait()
		check(t, "end", m.ended, nil)
		check(t, "polls", len(m.all()), 3)
	})
	audited(t, func(m *machine) {
		m.poll(t, 3, 1, 7).end <- 6
		synctest.Wait()
		if m.ended == nil || !strings.Contains(m.ended.Error(), "missed 6 before 7") {
			t.Errorf("it ended with %v", m.ended)
		}
		check(t, "everything was delivered up to", after, uint64(5))
	}, records)
	audited(t, func(m *machine) { // a connection that breaks shows nothing
		m.poll(t, 3, 1, 7).end <- errBroken
		m.poll(t, 4, 1, 7).end <- errOther
		m.poll(t, 5, 1, 7).end <- 6
		synctest.Wait()
		check(t, "ended", m.ended != nil, true)
	})
	audited(t, func(m *machine) { // a history that does not reach back shows nothing, either
		m.fail(t, 3, errCleared)
		<-time.After(time.Second)
		check(t, "end", m.ended, nil)
		check(t, "polls", len(m.all()), 3)
	})
	audited(t, func(m *machine) { // unless what is left of it does
		m.oldest = 4
		m.fail(t, 3, errCleared)
		m.poll(t, 4, 4, 7).end <- 6
		synctest.Wait()
		check(t, "ended", m.ended != nil, true)
	})
	audited(t, func(m *machine) { // nothing is left of what is before the event
		m.oldest = 7
		m.fail(t, 3, errCleared)
		<-time.After(time.Second)
		check(t, "end", m.ended, nil)
		check(t, "polls", len(m.all()), 3)
	})
	audited(t, func(m *machine) { // neither does what is found during an interruption, before the history is checked
		m.held = make(chan struct{})
		audit := m.asked(t, 3)
		m.asked(t, 2).end <- errBroken
		synctest.Wait()
		audit.header <- 7
		audit.end <- 6
		synctest.Wait()
		check(t, "end", m.ended, nil)
		close(m.held)
		for n := 4; m.ended == nil; n++ { // those that follow are the watch's and the audit's
			if p := m.asked(t, n); p.from == 1 {
				p.header <- 7
				p.end <- 6
			} else {
				p.header <- 7
			}
			synctest.Wait()
		}
		check(t, "ended", strings.Contains(m.ended.Error(), "missed 6 before 7"), true)
	})
	audited(t, func(m *machine) { // it is not waited for without an end
		<-time.After(2 * auditTime)
		check(t, "the audit is over", m.asked(t, 3).ctx.Err() != nil, true)
	})
}

// An event that does not concern the watch is no gap. Neither is the deletion of a directory above the watched key: there
// may have been no such key.
func TestAuditPassesOverForeignEvents(t *testing.T) {
	for _, change := range []func(*Watch){
		func(w *Watch) { w.Concerns = func(string) bool { return false } },
		func(w *Watch) { w.Above = func(string) bool { return true } },
	} {
		audited(t, func(m *machine) {
			m.poll(t, 3, 1, 7).end <- 5
			m.poll(t, 4, 6, 7).end <- 7
			synctest.Wait()
			check(t, "end", m.ended, nil)
			check(t, "polls", len(m.all()), 4)
		}, change)
	}
}

// If the key is known to have existed, that deletion did happen to it.
func TestAuditFindsTheDeletionOfADirectoryAbove(t *testing.T) {
	drive(t, func(m *machine) {
		m.poll(t, 1, 1, 2).end <- 3
		second := m.poll(t, 2, 4, 3)
		second.skipped.Store(true)
		second.end <- 7
		m.poll(t, 3, 8, 7)
		m.poll(t, 4, 4, 7).end <- 5
		synctest.Wait()
		if m.ended == nil || !strings.Contains(m.ended.Error(), "missed 5 before 7") {
			t.Errorf("it ended with %v", m.ended)
		}
	}, func(w *Watch) { w.Above = func(string) bool { return true } })
}

// So many are kept, where no header shows anything.
func TestUnsureEvents(t *testing.T) {
	var u unsure
	for index := range uint64(3 * mostUnsure) {
		u = u.add(delivery{by: &scripted{index: 5}, from: index, event: index})
	}
	check(t, "unsure", len(u), mostUnsure)
	check(t, "the last one", u[mostUnsure-1].event, uint64(3*mostUnsure-1))
}
