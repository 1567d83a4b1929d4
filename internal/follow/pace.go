package follow

import (
	"math/rand/v2"
	"time"
)

// How a watch follows a busy server.
const (
	mostPolls = 64 // at once

	mostBeforeStream = 4   // with Watch.Streams
	denseGap         = 4   // polls from consecutive indexes pay off if one in this many has an event
	streamLag        = 16  // a stream is opened at this lag,
	streamRun        = 2   // after this many answers in a row from the history
	streamOften      = 40  // answers within a second, with Watch.Streams, also open one
	sentinelLead     = 64  // how far the sentinel is ahead of the stream
	provenEvents     = 400 // that may pass before a poll is made again, so that the history can prove it, even the next time
)

// pace determines how many requests a watch needs and when it makes them again.
type pace struct {
	head   uint64 // the highest index that the store is known to have reached
	window uint64 // how many polls at once
	run    int    // answers in a row that came from the history

	second  time.Time // when the counting of answers began
	answers int       // since then

	streamless time.Time // no streams until then

	most     time.Duration // the longest renewal
	renewal  time.Duration
	measured time.Time // when the store was at index
	index    uint64
}

func newPace(pollTimeout time.Duration) pace {
	// Subtract about the time for which the old poll stays open next to the new one, and up to a tenth at
	// random, so that watches that began together do not renew their polls together.
	most := pollTimeout - SearchTime
	most -= rand.N(most/10 + 1)
	return pace{window: 1, most: most, renewal: min(most, firstRenewal)}
}

// answered records that a poll from the index from has returned the event at index, and reports whether
// events come too fast for polls.
func (p *pace) answered(from, index uint64) (fast bool) {
	p.head = max(p.head, index)
	lag := p.head - index
	if index-from < denseGap {
		p.behind(lag)
	} else {
		p.window = max(1, p.window/2)
	}
	if p.run++; lag == 0 {
		p.run = 0
	}
	return lag >= streamLag && p.run >= streamRun
}

// often counts an answer, and reports whether so many have come within a second that a stream costs less.
func (p *pace) often(now time.Time) bool {
	if now.Sub(p.second) > time.Second {
		p.second, p.answers = now, 0
	}
	p.answers++
	return p.answers >= streamOften
}

// behind records by how many indexes the watch lags. They are likely to have events.
func (p *pace) behind(lag uint64) { p.window = max(1, min(lag, mostPolls)) }

// caughtUp records that nothing is left to fetch.
func (p *pace) caughtUp() { p.window, p.run = 1, 0 }

// streamEnded records the end of a stream. No stream is opened for a while if this one may have failed to
// receive an event.
func (p *pace) streamEnded(brought bool) {
	if !brought {
		p.streamless = time.Now().Add(streamless)
	}
}

// registered records the index of the store when a request arrived.
//
// It derives the renewal of polls from that index. A poll that stays open shows at most that its connection
// is alive. A new poll from the same index searches the history and so proves that the old one has missed
// nothing, if it arrives before the history has moved on. If the store moves too fast for that, only the
// length of polls matters.
func (p *pace) registered(index uint64, now time.Time) {
	p.head = max(p.head, index)
	passed := now.Sub(p.measured)
	if !p.measured.IsZero() && passed < SearchTime/2 {
		return
	}
	if !p.measured.IsZero() && index >= p.index {
		p.renewal = p.most
		if moved := index - p.index; moved > 0 {
			p.renewal = min(p.most, time.Duration(float64(passed)*provenEvents/float64(moved)))
		}
		if p.renewal < SearchTime {
			p.renewal = p.most
		}
	}
	p.measured, p.index = now, index
}
