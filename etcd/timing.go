package etcd

import (
	"time"

	"github.com/etcdv2/client/internal/backoff"
	"github.com/etcdv2/client/internal/follow"
)

// All times of this package. The times of attempts and of watches are in the packages cluster and follow.
const (
	defaultAttemptTimeout = 10 * time.Second // above the 7 s after which a member without quorum gives up
	defaultPollTimeout    = 50 * time.Second // below the 60 s after which many proxies cut an idle connection
	leastPollTimeout      = 2 * follow.SearchTime
	defaultPulseInterval  = time.Second            // a member that hangs costs a watch two of these
	leastPulseInterval    = 100 * time.Millisecond // a healthy member may take that long when it is busy
	leastSyncTime         = time.Second            // for a sync in the background, however short its interval
	versionTimeout        = 3 * time.Second        // for the version query that another call makes
	refreshAskedAgain     = time.Minute            // what is known of the refresh parameter on etcd 2
	historyTime           = 5 * time.Second        // for the first search of the history; proving silence takes up to 4 s
	mostHistoryTime       = time.Minute            // for each later one; with members that tell nothing, it takes 20 s
	refusedTime           = time.Minute            // for changing a password also here; as long as a lock's default TTL
)

// What writers that keep a TTL miss at once adds up until they have corrected it.
const (
	mostMissed = 3 * time.Second
	mostOthers = 20 // looks at the key while the miss of another is not corrected
)

// Pauses between tries. They are copied for each use.
var (
	modifyPause  = backoff.Backoff{First: time.Millisecond, Most: 100 * time.Millisecond} // after a lost race
	settlePause  = backoff.Backoff{First: 10 * time.Millisecond, Most: time.Second}       // the caller waits
	resyncPause  = backoff.Backoff{First: 20 * time.Millisecond, Most: 5 * time.Second}   // reads may be large
	refusedPause = backoff.Backoff{First: 200 * time.Millisecond, Most: 5 * time.Second}  // passwords are compared
)
