package feed

import (
	"testing"
	"testing/synctest"
	"time"
)

// The limit is of polls below one directory. What comes next opens a feed, and those that poll move to it.
func TestWatchesShareAboveTheLimit(t *testing.T) {
	inBubble(t, 2, func(b *bench) {
		first, second := b.polled("/d/a", 11), b.polled("/d/b/", 8)
		third := b.shared("/d/c", 11)
		if first.Moves(11) {
			b.Error("the first moves to a feed that nobody has served")
		}
		f := b.opened("/d")
		select {
		case <-first.Request():
		default:
			b.Error("the first is not asked to move")
		}
		if !first.Moves(11) || second.Moves(8) || !second.Moves(11) {
			b.Error("the wrong ones move")
		}
		first.Leave()
		a := b.shared("/d/a", 11)
		f.Deliver(change{index: 12, key: "/d/a"})
		f.Deliver(change{index: 13, key: "/d/c"})
		b.got(a, "12")
		b.got(third, "13")
	})
}

// Watches that are about to move to a feed do not count: the directories above need no feed for them.
func TestWatchesThatMoveDoNotCount(t *testing.T) {
	inBubble(t, 2, func(b *bench) {
		b.polled("/d/a", 11)
		second := b.polled("/d/b", 11)
		b.shared("/d/c", 11)
		b.polled("/d", 11, func(w *Watch) { w.Recursive, w.Feed = true, b.feeds["/d"] })
		b.polled("/e/a", 11)
		if s := b.shared("/e/b", 11); s.feed.Dir != "/" {
			b.Errorf("/e/b is shared by the feed of %s", s.feed.Dir)
		}
		second.Leave()
	})
	inBubble(t, 2, func(b *bench) { // unless it ends
		b.polled("/d/a", 11)
		b.polled("/d/b", 11)
		b.shared("/d/c", 11)
		b.feeds["/d"].Reopened()
		if s := b.shared("/e/a", 11); s.feed.Dir != "/" {
			b.Errorf("/e/a is shared by the feed of %s", s.feed.Dir)
		}
	})
}

// Feeds count as polls: too many of them give way to one feed of the directory above.
func TestFeedsShareAboveTheLimit(t *testing.T) {
	inBubble(t, 1, func(b *bench) {
		b.polled("/a/1", 11)
		b.shared("/a/2", 11)
		a := b.opened("/a")
		own := func(w *Watch) { w.Recursive, w.Feed, w.Progress, w.Reopened = true, a, true, a.Reopened }
		ofA := b.polled("/a", 11, own)
		if s := b.shared("/b/1", 11); s.feed.Dir != "/" {
			b.Errorf("/b/1 is shared by the feed of %s", s.feed.Dir)
		}
		if s := b.shared("/a/3", 11); s.feed.Dir != "/a" {
			b.Errorf("/a/3 is shared by the feed of %s", s.feed.Dir)
		}
		b.opened("/")
		if !ofA.Moves(11) {
			b.Error("the feed of /a does not move to that of /")
		}
		ofA.Leave()
		b.shared("/a", 11, own)
		root := b.opened("/")
		root.Reopened()
		if !a.unsure {
			b.Error("the feed below is sure of a history that the one above is not")
		}
	})
}

// The feed of a directory does not see what is hidden in it, but a hidden directory has a feed.
func TestHiddenKeysAreNotShared(t *testing.T) {
	inBubble(t, 1, func(b *bench) {
		b.polled("/d/a", 11)
		b.shared("/d/b", 11)
		b.opened("/d")
		b.polled("/d/_h", 11)
		b.polled("/_locks/a", 11)
		if s := b.shared("/_locks/b", 11); s.feed.Dir != "/_locks" {
			b.Errorf("/_locks/b is shared by %s", s.feed.Dir)
		}
	})
}

// What refuses the directory may serve the keys in it. The directory has no other feed for a while.
func TestDirectoryThatIsRefused(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		s := b.shared("/d", 11)
		b.feeds["/d"].Reopened()
		b.got(s, "end 11 <nil> unsure:true")
		if s := b.shared("/d", 11); s.feed.Dir != "/" {
			b.Errorf("shared by %s", s.feed.Dir)
		}
		b.ends["/"] <- End{Retry: RefusedTime}
		synctest.Wait()
		p := b.polled("/d", 11)
		if p.Moves(11) {
			b.Error("it moves to nothing")
		}
		time.Sleep(RefusedTime)
		if !p.Moves(11) {
			b.Error("it does not try again")
		}
		p.Leave()
		b.shared("/d", 11)
		b.feeds["/d"].Reopened()
		b.Forgive()
		b.shared("/d", 11)
	})
}

func TestNothingIsSharedWithoutALimit(t *testing.T) {
	inBubble(t, -1, func(b *bench) {
		for range 100 {
			p := b.polled("/d", 11)
			if p.Moves(11) {
				b.Error("it moves")
			}
			p.Leave()
		}
	})
}

// A feed begins at an index that the client has seen. Watches that have begun before that join again.
func TestWatchesThatBeginBeforeAnIndexIsSeen(t *testing.T) {
	inBubble(t, 1, func(b *bench) {
		b.index = 0
		first, second := b.polled("/d/a", 11), b.polled("/d/b", 11)
		first.Opened()
		select {
		case <-first.Request():
			b.Error("it is to join again, and nothing is known")
		default:
		}
		b.index = 10
		second.Opened()
		<-second.Request()
		if !second.Moves(11) {
			b.Error("it does not move")
		}
		second.Leave()
		b.shared("/d/b", 11)
	})
}
