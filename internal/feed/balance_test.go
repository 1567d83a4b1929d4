package feed

import (
	"testing"
	"time"
)

// A feed for a few costs more than it saves, and so does one that brings much that nobody wants.
func TestFeedThatDoesNotPayEnds(t *testing.T) {
	inBubble(t, 8, func(b *bench) {
		var polls []*Poller
		for range 8 {
			polls = append(polls, b.polled("/d/k", 11))
		}
		subscribers := []*Subscription{b.shared("/d/k", 11), b.shared("/d/k", 11), b.shared("/d/k", 11)}
		for _, p := range polls {
			p.Leave()
		}
		b.opened("/d/k")
		subscribers[0].Close()
		b.got(subscribers[1])
		subscribers[1].Close()
		b.got(subscribers[2], "end 11 <nil> unsure:false")
	})
}

// Twenty polls cost as much as some events; which, depends on how fast the store moves.
func TestWastefulFeedEnds(t *testing.T) {
	for _, test := range []struct {
		name    string
		changes int // of the store, for each event that nobody wants
		events  int // a second
		ends    bool
	}{
		{"a slow store, few events", 3, 100, false},
		{"a slow store, only such events", 1, 300, true},
		{"a fast store, few events", 10, 90, false},
		{"a fast store, many events", 10, 150, true},
	} {
		inBubble(t, 20, func(b *bench) {
			for range 20 {
				b.polled("/d", 11)
			}
			var subscribers []*Subscription
			for range 20 {
				subscribers = append(subscribers, b.shared("/d", 11))
			}
			f := b.opened("/d")
			for i := range test.events * 6 {
				f.Deliver(change{index: uint64(11 + i*test.changes), key: "/d/other"})
				time.Sleep(time.Second / time.Duration(test.events))
			}
			if _, err := subscribers[0].take(); (err != nil) != test.ends {
				b.Errorf("%s: it has ended: %v", test.name, err)
			}
		})
	}
}
