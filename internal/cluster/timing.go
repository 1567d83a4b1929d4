package cluster

import "time"

// All times of this package that are not configured.
const (
	// A connection that cannot be made within three seconds is worth another member.
	dialTimeout = 3 * time.Second

	// With three probes a third of this apart, a connection that was lost without a trace, as a firewall
	// forgets one, is found out within 20 s.
	keepAlive = 10 * time.Second

	// How long a connection that is not used is kept; Go's own default.
	idleTimeout = 90 * time.Second

	// A member that failed is set aside for half a second, so that a restart is noticed soon, and for twice
	// as long with each further failure, so that one that is down for hours costs little.
	firstAside = 500 * time.Millisecond
	mostAside  = 30 * time.Second

	// The pause before a further round through all members: long enough for an election among them to make
	// progress.
	firstRoundPause = 50 * time.Millisecond
	mostRoundPause  = time.Second

	// How often the index of a member is looked at while it moves. Within these times the fastest server
	// makes fewer than leap changes.
	leastLooking = 100 * time.Millisecond
	mostLooking  = 200 * time.Millisecond

	// How long the index is not looked at after a look that failed, as at a member that forbids it.
	lookingRefused = 30 * time.Second
)

// freshPart is the part of the pulse's interval after which a request that waits needs to be asked after.
const freshPart = 10
