package follow

import (
	"time"

	"github.com/etcdv2/client/internal/backoff"
)

// All times of this package, and what is counted in them.
const (
	// SearchTime is how long a poll must have stayed without an event, after its header, to prove that there
	// was none in the history: the server sends the header first and such an event right behind.
	SearchTime = time.Second

	// That time in ticks. Ticks are counted and not time measured, since after the process was stopped much
	// time may have passed and nothing been read.
	quietTicks = 4
	coarseTick = SearchTime / quietTicks

	// How long a poll must have been silent where nobody confirms its member's life: because there is no
	// pulse, or although there is one, whose questions a gateway may refuse.
	pulselessTicks   = 16
	unconfirmedTicks = 80

	// How long two polls stay open together before the newer, which began from now, may take the place of the
	// older. It is longer than a member is behind another that has a leader.
	handOverTicks = 16

	// How long a poll that is no longer needed may take to be answered, which keeps its connection.
	lingering = 100 * time.Millisecond

	// How long an event is held back for an answer of the poll of the key itself that may be on its way.
	heldTick  = 10 * time.Millisecond
	heldTicks = 2

	// How long a stream may be silent, in ticks of streamTick.
	streamTick    = 2 * time.Millisecond
	streamGrace   = 3   // when the sentinel has seen an event that the stream has not brought
	streamQuiet   = 50  // when there is no event at all
	streamPatient = 500 // until its header has come

	// How long a watch stays without streams where they do not work, as behind a proxy that holds them back.
	streamless = 30 * time.Second

	// When a poll is made again before anything is known of the speed of the store.
	firstRenewal = 5 * time.Second

	// How often the observer is told of a lag.
	lagInterval = time.Second
)

// NewPause returns the pause between tries of a watch that fail. The longest adds to the time after which a
// watch goes on when a fault is over.
func NewPause() backoff.Backoff {
	return backoff.Backoff{First: 20 * time.Millisecond, Most: time.Second}
}
