package follow

import (
	"testing"
	"testing/synctest"
	"time"
)

// silentTwice makes two polls silent, and lets the first one break when it is asked to end. What the silence of both
// shows is what m.progress is then, before the second one has been silent for long.
func silentTwice(t *testing.T, m *machine, change func(first *scripted)) (second *scripted) {
	first := m.poll(t, 1, 1, 5)
	change(first)
	quiet()
	m.renew()
	second = m.poll(t, 2, 1, 9)
	<-time.After(time.Second)
	synctest.Wait()
	first.end <- errBroken
	synctest.Wait()
	return second
}

// A connection that breaks when a poll is asked to end may be the work of a proxy. If this side has ended it, or the
// member has let polls end before, it shows nothing.
func TestPollThatBreaks(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*scripted)
		progress uint64
	}{
		"by a proxy":                       {func(*scripted) {}, 5},
		"by this side":                     {func(p *scripted) { p.cut.Store(true) }, 0},
		"where another one has ended well": {func(p *scripted) { p.ends = true }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			drive(t, func(m *machine) {
				silentTwice(t, m, test.change)
				quiet()
				check(t, "progress", m.progress.Load(), test.progress)
			})
		})
	}
}

// A proxy breaks the connection at once. One that breaks later does so for another reason.
func TestPollThatBreaksLate(t *testing.T) {
	for after, want := range map[time.Duration]uint64{0: 5, 2 * breakTime: 0} {
		drive(t, func(m *machine) {
			first := m.poll(t, 1, 1, 5)
			quiet()
			m.renew()
			m.poll(t, 2, 1, 9)
			<-time.After(time.Second + after)
			synctest.Wait()
			first.end <- errBroken
			quiet()
			check(t, "progress", m.progress.Load(), want)
		})
	}
}

// An event that is known contradicts the silence of a poll that should have brought it, or an earlier one.
func TestKnownEventContradictsSilence(t *testing.T) {
	drive(t, func(m *machine) {
		silentTwice(t, m, func(*scripted) {}).end <- 1
		synctest.Wait()
		polls := map[uint64]*scripted{}
		for _, p := range m.all()[2:] {
			polls[p.from] = p
		}
		silent, ahead := polls[2], polls[4]
		silent.header <- 9 // its event comes late
		ahead.header <- 9
		ahead.end <- 4
		quiet()
		check(t, "delivered", m.delivered(), []uint64{1})
		check(t, "progress", m.progress.Load(), uint64(1))
		silent.end <- 3
		synctest.Wait()
		check(t, "delivered in the end", m.delivered(), []uint64{1, 3, 4})
	})
}

// So does one that was discarded after an interruption, because it might have been of another history.
func TestDiscardedEventContradictsSilence(t *testing.T) {
	drive(t, func(m *machine) {
		second := silentTwice(t, m, func(*scripted) {})
		m.same = errBroken // it is not known
		second.end <- errBroken
		m.poll(t, 3, 1, 9).end <- 5
		synctest.Wait()
		m.mu.Lock()
		m.same = nil
		m.mu.Unlock()
		fourth := m.poll(t, 4, 1, 9)
		quiet()
		check(t, "progress", m.progress.Load(), uint64(0))
		fourth.end <- 5
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64{5})
	})
}
