package follow

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// errUnsent is the failure of a request that this process could not send.
var errUnsent = errors.New("out of files")

// What could not be sent is no interruption: the history is not checked, and what is open goes on.
func TestPollThatWasNotSentIsNoInterruption(t *testing.T) {
	drive(t, func(m *machine) {
		m.same = errBroken // nothing would be delivered before a check has passed
		first := m.poll(t, 1, 1, 5)
		quiet()
		m.renew()
		m.fail(t, 2, errUnsent)
		first.end <- 6
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64{6})
		check(t, "checks", m.checks, 0)
		m.asked(t, 3) // after a pause
	})
}

// A failure that comes while such a request waits to be made again is an interruption all the same.
func TestInterruptionAfterAPollThatWasNotSent(t *testing.T) {
	drive(t, func(m *machine) {
		m.same = errBroken
		first := m.poll(t, 1, 1, 5)
		quiet()
		m.renew()
		m.fail(t, 2, errUnsent)
		first.end <- errBroken
		third := m.poll(t, 3, 1, 5)
		third.end <- 6
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "delivered", m.delivered(), []uint64(nil))
	})
}
