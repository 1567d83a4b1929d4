package follow

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The end of a poll on its own connection proves that nothing came before.
func TestEndOfAPollProves(t *testing.T) {
	drive(t, func(m *machine) {
		first := m.poll(t, 1, 1, 5)
		quiet()
		check(t, "progress by silence alone", m.progress.Load(), uint64(0))
		m.renew()
		m.poll(t, 2, 1, 9)
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "asked to end", first.asked.Load(), true)
		check(t, "progress before the end", m.progress.Load(), uint64(0))
		first.end <- ErrFinished
		synctest.Wait()
		check(t, "progress", m.progress.Load(), uint64(9))
	})
}

// Where no poll can be asked to end, two silent ones must agree.
func TestSilenceOfTwoPollsMustDoWhereTheyCannotEnd(t *testing.T) {
	drive(t, func(m *machine) {
		first := m.poll(t, 1, 1, 5)
		first.endless = true
		quiet()
		m.renew()
		second := m.poll(t, 2, 1, 9)
		second.endless = true
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "progress by the silence of one", m.progress.Load(), uint64(0))
		quiet()
		check(t, "progress by that of two", m.progress.Load(), uint64(5))
		m.renew()
		m.poll(t, 3, 1, 20)
		quiet()
		check(t, "progress", m.progress.Load(), uint64(9))
	})
}

// A poll that does not end proves nothing, however silent it is.
func TestDeadPollProvesNothing(t *testing.T) {
	drive(t, func(m *machine) {
		m.poll(t, 1, 1, 5)
		quiet()
		m.renew()
		m.poll(t, 2, 1, 9)
		quiet()
		quiet()
		check(t, "progress", m.progress.Load(), uint64(0))
	})
}

// An answer that comes late, and before which nothing has been delivered, is delivered.
func TestLateAnswerIsDelivered(t *testing.T) {
	drive(t, func(m *machine) {
		late := m.poll(t, 1, 1, 500)
		quiet()
		m.renew()
		second := m.poll(t, 2, 1, 501)
		quiet()
		m.renew()
		m.poll(t, 3, 1, 502)
		<-time.After(time.Second)
		synctest.Wait()
		second.end <- ErrFinished // the late one has not ended
		synctest.Wait()
		check(t, "progress", m.progress.Load(), uint64(502))
		late.end <- 3
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64{3})
		for _, p := range m.all()[3:] {
			if p.from == 4 { // the silence was wrong: there may be more
				p.header <- 503
				p.end <- 5
			}
		}
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64{3, 5})
	})
}

// One before what has been delivered ends the watch.
func TestLateAnswerBeforeADeliveredEventEndsTheWatch(t *testing.T) {
	drive(t, func(m *machine) {
		late := m.poll(t, 1, 1, 500)
		quiet()
		m.renew()
		second := m.poll(t, 2, 1, 501)
		quiet()
		m.renew()
		third := m.poll(t, 3, 1, 502)
		<-time.After(time.Second)
		synctest.Wait()
		second.end <- ErrFinished
		quiet()
		m.renew()
		fourth := m.poll(t, 4, 503, 510) // the history may not reach back to 1 any more
		fourth.end <- 511
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64{511})
		third.end <- 511
		late.end <- 3
		synctest.Wait()
		if m.ended == nil || m.ended.Error() != "missed 3 before 511" {
			t.Errorf("it ended with %v", m.ended)
		}
	})
}

// After an interruption the cluster may be another one. Until that is known, nothing is delivered.
func TestNothingIsDeliveredBeforeTheHistoryIsKnownToBeTheSame(t *testing.T) {
	drive(t, func(m *machine) {
		first := m.poll(t, 1, 1, 5)
		m.same = errBroken
		first.end <- errBroken
		second := m.poll(t, 2, 1, 5)
		second.end <- 6
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64(nil))
		m.mu.Lock()
		m.same = nil
		m.mu.Unlock()
		third := m.poll(t, 3, 1, 5) // what has come before may be of another history
		check(t, "delivered", m.delivered(), []uint64(nil))
		third.end <- 6
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64{6})
	})
	drive(t, func(m *machine) {
		first := m.poll(t, 1, 1, 5)
		m.same = errOther
		first.end <- errBroken
		m.poll(t, 2, 1, 5)
		synctest.Wait()
		check(t, "end", m.ended, errOther)
	})
}

// The member of the older poll may lag behind that of the newer one, for as long as it likes. Its end then proves only
// what it searched when it arrived.
func TestEndProvesWhatItsMemberHas(t *testing.T) {
	for name, test := range map[string]struct {
		reached uint64 // by the member in the end
		after   time.Duration
		proven  uint64
	}{
		"it catches up":      {9, time.Second, 9},
		"it lags":            {8, overdueTicks * coarseTick, 5},
		"it does not tell":   {0, overdueTicks * coarseTick, 5},
		"it was never asked": {8, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			drive(t, func(m *machine) {
				first := m.poll(t, 1, 1, 5)
				first.at = "b"
				first.reached.Store(8)
				quiet()
				m.renew()
				m.poll(t, 2, 1, 9)
				quiet()
				check(t, "asked to end while its member lags", first.asked.Load(), false)
				first.reached.Store(test.reached)
				<-time.After(test.after)
				synctest.Wait()
				check(t, "asked to end", first.asked.Load(), test.after > 0)
				first.end <- ErrFinished
				synctest.Wait()
				check(t, "progress", m.progress.Load(), test.proven)
			})
		})
	}
}

// So is it with the end of the poll that shows that nothing comes before an event of the key poll.
func TestEndBeforeAnEventOfTheKeyProvesWhatItsMemberHas(t *testing.T) {
	drive(t, func(m *machine) {
		lagging := func(n int) *scripted {
			p := m.asked(t, n)
			p.at, p.blind = "b", true
			p.reached.Store(5)
			p.header <- 5
			synctest.Wait()
			return p
		}
		lagging(1)
		m.poll(t, 2, 1, 9).end <- 8
		newest := lagging(3)
		quiet()
		check(t, "asked to end while its member lags", newest.asked.Load(), false)
		newest.reached.Store(7)
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "asked to end", newest.asked.Load(), true)
		newest.end <- ErrFinished
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64{8})
	})
}

// A key poll without a header proves little while other polls get theirs, or where the watch is too young to know: it may
// be the connection that is slow.
func TestKeyPollsWithoutHeaders(t *testing.T) {
	for _, headers := range []bool{true, false} {
		drive(t, func(m *machine) {
			first := m.asked(t, 1)
			first.blind = true
			first.header <- 5
			if headers { // it waits with its header for a while
				<-time.After(2 * coarseTick)
			}
			synctest.Wait()
			first.end <- 6
			for n := range headlessBesideOthers {
				check(t, "polls of the key", m.asked(t, n+2).keyOnly, true)
				check(t, "delivered", m.delivered(), []uint64(nil))
				quiet()
			}
			check(t, "delivered in the end", m.delivered(), []uint64{6})
		})
	}
}

// The event of a key poll is delivered even where no poll can be asked to end.
func TestEventOfTheKeyWherePollsDoNotEnd(t *testing.T) {
	drive(t, func(m *machine) {
		for n := 1; n < 60 && len(m.delivered()) == 0; n++ {
			p := m.asked(t, n)
			p.blind, p.endless = !p.keyOnly, true
			p.header <- 5
			synctest.Wait()
			if p.keyOnly {
				p.end <- 3
			}
			if n > 2 {
				quiet()
			}
		}
		check(t, "delivered", m.delivered(), []uint64{3})
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.polls) > 8 {
			t.Errorf("%d polls", len(m.polls))
		}
	})
}

// Where the history has moved on, a poll from now takes over if the end of the older one proves that it has
// missed nothing. Otherwise the watch ends.
func TestHistoryThatMovesOnNeedsAProof(t *testing.T) {
	for _, ends := range []bool{true, false} {
		drive(t, func(m *machine) {
			first := m.poll(t, 1, 1, 5)
			first.endless = !ends
			quiet()
			m.present = 2000
			m.renew()
			m.fail(t, 2, errCleared)
			m.poll(t, 3, 2001, 2000)
			quiet()
			<-time.After(time.Second)
			synctest.Wait()
			check(t, "progress before the end", m.progress.Load(), uint64(0))
			if ends {
				first.end <- ErrFinished
				synctest.Wait()
				check(t, "progress", m.progress.Load(), uint64(2000))
				return
			}
			<-time.After(time.Second)
			m.fail(t, 4, errCleared)
			synctest.Wait()
			check(t, "end", m.ended, errCleared)
		})
	}
}

// A member can lag for longer than the polls are open together. Its poll must not end before the member has come to
// where the poll from now began: what it has not applied yet would be lost without a word.
func TestHistoryThatMovesOnBeforeAMemberThatLags(t *testing.T) {
	for name, then := range map[string]func(t *testing.T, m *machine, first *scripted){
		"it catches up without an event": func(t *testing.T, m *machine, first *scripted) {
			first.reached.Store(2000)
			<-time.After(time.Second)
			check(t, "asked to end", first.asked.Load(), true)
			first.end <- ErrFinished
			synctest.Wait()
			check(t, "progress", m.progress.Load(), uint64(2000))
		},
		"it comes to an event": func(t *testing.T, m *machine, first *scripted) {
			first.end <- 6
			m.fail(t, 4, errCleared)
			check(t, "delivered", m.delivered(), []uint64{6})
			check(t, "end", m.ended, errCleared)
		},
		"it never catches up": func(t *testing.T, m *machine, first *scripted) {
			<-time.After(endingTicks * coarseTick)
			m.fail(t, 4, errCleared)
			check(t, "asked to end", first.asked.Load(), false)
			check(t, "end", m.ended, errCleared)
		},
	} {
		t.Run(name, func(t *testing.T) {
			drive(t, func(m *machine) {
				first := m.poll(t, 1, 1, 5)
				first.reached.Store(5)
				quiet()
				m.present = 2000
				m.renew()
				m.fail(t, 2, errCleared)
				m.poll(t, 3, 2001, 2000)
				quiet()
				quiet()
				check(t, "asked to end while its member lags", first.asked.Load(), false)
				then(t, m, first)
			})
		})
	}
}

// After an interruption the history is checked again until somebody answers, also where a poll has waited for long.
func TestHistoryIsCheckedUntilSomebodyAnswers(t *testing.T) {
	var told atomic.Int64
	drive(t, func(m *machine) {
		m.poll(t, 1, 1, 5)
		quiet()
		first := m.poll(t, 2, 1, 5) // from now on polls are long
		quiet()
		m.same = errBroken
		first.end <- errBroken
		m.poll(t, 3, 1, 5)
		quiet()
		quiet()
		m.mu.Lock()
		m.same = nil
		m.mu.Unlock()
		before := told.Load()
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "progress", told.Load()-before, int64(1))
	}, func(w *Watch) { w.Progress = func(uint64) { told.Add(1) } })
}

// So it is where a proxy holds back the header of the poll until there is an event.
func TestHistoryIsCheckedWithoutAHeader(t *testing.T) {
	drive(t, func(m *machine) {
		m.poll(t, 1, 1, 5).end <- errBroken
		m.asked(t, 2)
		quiet()
		check(t, "checks", m.checks, 1)
	})
}

// A check that began before the last interruption does not show what the history is after it.
func TestCheckBeforeAnotherInterruptionShowsNothing(t *testing.T) {
	drive(t, func(m *machine) {
		m.held = make(chan struct{})
		m.poll(t, 1, 1, 5).end <- errBroken
		second := m.poll(t, 2, 1, 5) // begins the check
		m.mu.Lock()
		m.same = errOther // the cluster is made anew
		m.mu.Unlock()
		second.end <- errBroken
		m.poll(t, 3, 1, 5).end <- 6
		synctest.Wait()
		close(m.held)
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64(nil))
		check(t, "end", m.ended, errOther)
	})
}

// A key poll that is not asked to end at once is as soon as it has been silent, though the other poll has been for
// longer.
func TestKeyPollIsWatchedUntilItEnds(t *testing.T) {
	drive(t, func(m *machine) {
		m.poll(t, 1, 1, 5)
		quiet()
		first := m.poll(t, 2, 1, 5) // from now on polls are long
		quiet()
		first.end <- 6
		blind := m.asked(t, 3)
		blind.blind = true
		blind.header <- 9
		synctest.Wait()
		own := m.asked(t, 4)
		check(t, "poll 4 is of the key", own.keyOnly, true)
		<-time.After(time.Second)
		own.header <- 8 // its member lags
		quiet()
		check(t, "asked to end", own.asked.Load(), true)
	})
}

// Polls whose members confirm nothing count as silent after 20 s, and not only when the next one is made.
func TestUnconfirmedPollsCountInTime(t *testing.T) {
	drive(t, func(m *machine) {
		m.poll(t, 1, 1, 5).endless = true
		m.poll(t, 2, 1, 9).endless = true
		<-time.After((unconfirmedTicks + 2) * coarseTick)
		synctest.Wait()
		check(t, "progress", m.progress.Load(), uint64(5))
	}, func(w *Watch) { w.Pulsed = true })
}
