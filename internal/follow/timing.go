package follow

import (
	"time"

	"github.com/etcdv2/client/internal/backoff"
)

// All times of this package, and all counts of ticks.
const (
	// SearchTime is how long a poll must stay without an event after its header to prove that there was none
	// in the history: the server sends the header first and such an event right after it.
	SearchTime = time.Second

	// SearchTime in ticks. Ticks are counted instead of measuring time, because after the process was
	// stopped, much time may have passed without anything having been read.
	quietTicks = 4
	coarseTick = SearchTime / quietTicks

	// How long a poll must have been silent if nothing confirms that its member is alive: because there is no
	// pulse, or because a gateway may refuse the questions of the pulse.
	pulselessTicks   = 16
	unconfirmedTicks = 80

	// How long a poll is open before the members of older ones are asked whether they have come as far as its own.
	// Members that have a leader seldom lag behind another for that long.
	handOverTicks = 16

	// How long the member of an older poll may take to come that far. The poll is replaced then all the same, but
	// proves only what it searched when it arrived.
	overdueTicks = 40

	// How long the answer of a poll still counts that was asked to end, in ticks: a minute. At most so many
	// such polls are kept.
	endingTicks = 240
	mostEnding  = 4

	// How many polls without a header must have been silent to prove anything while others get theirs.
	headlessBesideOthers = 4

	// So many impossible answers in a row end a watch.
	mostWrong = 5

	// How long after its header a poll is asked to end. The server sends an event from its history right after
	// the header, but may be interrupted in between, and then the end can come first.
	searchGrace = 100 * time.Millisecond

	// How long a poll that is no longer needed may take to be answered, which keeps its connection reusable.
	lingering = 100 * time.Millisecond

	// How long a stream may be silent, in ticks of streamTick.
	streamTick    = 2 * time.Millisecond
	streamGrace   = 3   // when the sentinel has seen an event that the stream has not received
	streamQuiet   = 50  // when there is no event at all
	streamPatient = 500 // until its header has arrived

	// How long a watch uses no streams after one did not work, for example behind a proxy that holds streams
	// back.
	streamless = 30 * time.Second

	// When a poll is made again while nothing is known about the speed of the store.
	firstRenewal = 5 * time.Second

	// AnewTime is how long it takes at least to stop a cluster and to start it again from a backup, or empty.
	AnewTime = 500 * time.Millisecond

	// How long a proxy may take to break a connection that is to end: a round trip.
	breakTime = time.Second

	// How long an audit may take.
	auditTime = time.Minute

	// How often the history is checked after an interruption, while nobody answers and a poll waits.
	checkInterval = time.Second

	// How often the observer is told of a lag.
	lagInterval = time.Second
)

// NewPause returns the pause between failing tries of a watch. The longest pause adds to the time after which
// a watch resumes when a fault is over.
func NewPause() backoff.Backoff {
	return backoff.Backoff{First: 20 * time.Millisecond, Most: time.Second}
}
