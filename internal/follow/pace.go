package follow

import (
	"math/rand/v2"
	"time"
)

// How a watch follows a busy server.
const (
	mostPolls    = 64  // at once
	denseGap     = 4   // polls from consecutive indexes pay when there is an event in that many
	streamLag    = 16  // how far behind, and
	streamRun    = 2   // for how many answers in a row, a stream is opened
	sentinelLead = 64  // how far ahead of the stream the poll is that proves it alive
	provenEvents = 500 // that may pass before a poll is made again, for the history to prove it
)

// pace is how fast a watch has to go.
type pace struct {
	head   uint64 // the highest index that the store is known to have
	window uint64 // how many polls at once
	run    int    // answers in a row that came out of the history

	streamless time.Time // no streams until then

	most     time.Duration // after which a poll is to be renewed
	renewal  time.Duration
	measured time.Time // when the store was at index
	index    uint64
}

func newPace(pollTimeout time.Duration) pace {
	// Up to a tenth less, so that watches that began together do not all come back together; and less by
	// about as long as the old poll stays open beside the new one.
	most := pollTimeout - SearchTime
	most -= rand.N(most/10 + 1)
	return pace{window: 1, most: most, renewal: min(most, firstRenewal)}
}

// answered notes that a poll from an index has brought the event at another, and reports whether events come
// too fast for polls.
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

// behind notes how many indexes there are to catch up with, which are likely to have events.
func (p *pace) behind(lag uint64) { p.window = max(1, min(lag, mostPolls)) }

// caughtUp notes that nothing waits to be fetched.
func (p *pace) caughtUp() { p.window, p.run = 1, 0 }

// streamEnded notes the end of a stream, which may have brought nothing that it should have.
func (p *pace) streamEnded(brought bool) {
	if !brought {
		p.streamless = time.Now().Add(streamless)
	}
}

// registered notes where the store was when a request arrived.
//
// From that it plans the renewal of polls. A poll that stays open shows at most that its connection lives. A
// new one from the same index searches the history, and so proves that the old one has missed nothing, if it
// comes before the history has moved on. Where the store moves on too fast for that, only the length of polls
// matters.
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
