package cluster

import "time"

// All times of this package that are not configured.
const (
	// If a connection cannot be made within three seconds, it is better to try another member.
	dialTimeout = 3 * time.Second

	// With three probes at a third of this interval, a connection that was lost silently, for example because
	// a firewall forgot it, is detected within 20 s.
	keepAlive = 10 * time.Second

	// How long an idle connection is kept. Many load balancers close one after 60 s, nginx after 75 s. If they
	// did so just when a request is sent on it, the outcome of a write would be unknown. So the client closes
	// it first.
	idleTimeout = 50 * time.Second

	// A member that failed is set aside for half a second, so that a restart is noticed soon. Each further
	// failure doubles the time, so that a member that is down for hours costs little.
	firstAside = 500 * time.Millisecond
	mostAside  = 30 * time.Second

	// The pause before another round through all members. It is long enough for a leader election to make
	// progress.
	firstRoundPause = 50 * time.Millisecond
	mostRoundPause  = time.Second

	// The time between two looks at the index of a member while it moves. In this time even the fastest
	// server makes fewer than leap changes.
	leastLooking = 100 * time.Millisecond
	mostLooking  = 200 * time.Millisecond

	// The time until the next look after one that failed, for example because the member forbids it.
	lookingRefused = 30 * time.Second
)

// gracePart determines within what time a member usually answers: the pulse interval divided by gracePart.
const gracePart = 10
