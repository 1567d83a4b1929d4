package locking

import (
	"time"

	"github.com/etcdv2/client/internal/backoff"
)

// DefaultTTL is how long a contender's key outlives its process without WithTTL.
const DefaultTTL = time.Minute

// All other times of this package.
const (
	// renewals is how often a key is renewed within its TTL, so that one lost renewal does not cost the lock.
	renewals = 3

	// safety is the part of a TTL by which the local end comes before the deadline: the members' clocks may
	// differ by that much.
	safety = 10

	// lookAgain is the least time after which a waiter looks at the line though nothing has woken it. Its
	// watches see to it that it is woken; this is for the case that one does not.
	lookAgain = 10 * time.Second

	// mostStillborn is after how many places in a row a waiter gives up that were made slowly, and lost before a
	// request for them was answered: the TTL is shorter than requests take.
	mostStillborn = 3

	// cleanUpTime bounds what a contender still does for others when it gives up.
	cleanUpTime = 3 * time.Second
)

// newPause returns the pause between two tries: short at first, since a lock is waited for.
func newPause() *backoff.Backoff {
	return &backoff.Backoff{First: 10 * time.Millisecond, Most: time.Second}
}
