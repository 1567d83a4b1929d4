package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// change is an event of a test.
type change struct {
	index   uint64
	key     string
	removal bool
	weight  int
	after   mark // the latest landmark that can come before it
}

func (c change) ModifiedIndex() uint64 { return c.index }
func (c change) Key() string           { return c.key }
func (c change) Removal() bool         { return c.removal }
func (c change) Weight() int           { return max(c.weight, 1) }

// bench is a hub in virtual time, with the feeds that it has opened.
type bench struct {
	*testing.T
	Hub
	index uint64 // that the client has seen
	feeds map[string]*Feed
	ends  map[string]chan End
}

func inBubble(t *testing.T, limit int, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, index: 10, feeds: map[string]*Feed{}, ends: map[string]chan End{}}
		b.Limit, b.Seen = limit, func() uint64 { return b.index }
		defer func() {
			b.Close()
			for _, f := range b.feeds {
				f.stop()
			}
			b.Wait()
		}()
		test(b)
	})
}

// join joins a watch, whose key ends with "/" if it is recursive.
func (b *bench) join(key string, next uint64, more ...func(*Watch)) (*Subscription, *Poller) {
	w := Watch{Key: key, Next: next}
	if name, ok := strings.CutSuffix(key, "/"); ok && key != "/" {
		w.Key, w.Recursive = name, true
	}
	for _, set := range more {
		set(&w)
	}
	defer synctest.Wait()
	return b.Join(w, func(f *Feed) End {
		end := make(chan End)
		b.feeds[f.Dir], b.ends[f.Dir] = f, end
		select {
		case how := <-end:
			return how
		case <-f.Context.Done():
			return End{}
		}
	})
}

// shared joins a watch that must be shared, and polled one that must not.
func (b *bench) shared(key string, next uint64, more ...func(*Watch)) *Subscription {
	b.Helper()
	s, _ := b.join(key, next, more...)
	if s == nil {
		b.Fatalf("%s is not shared", key)
	}
	return s
}

func (b *bench) polled(key string, next uint64, more ...func(*Watch)) *Poller {
	b.Helper()
	s, p := b.join(key, next, more...)
	if s != nil {
		b.Fatalf("%s is shared by the feed of %s", key, s.feed.Dir)
	}
	return p
}

// opened returns the feed of dir, whose watch is served.
func (b *bench) opened(dir string) *Feed {
	b.Helper()
	f := b.feeds[dir]
	if f == nil {
		b.Fatalf("no feed of %s", dir)
	}
	f.Opened()
	return f
}

// got expects the next updates of s: events by their indexes, progress with a "p" before it, and the end.
func (b *bench) got(s *Subscription, want ...string) {
	b.Helper()
	var got []string
	for {
		u, err := s.take()
		var ended *Ended
		switch {
		case u.Event != nil:
			got = append(got, fmt.Sprint(u.Event.ModifiedIndex()))
			continue
		case u.Progress != 0:
			got = append(got, fmt.Sprintf("p%d", u.Progress))
			continue
		case errors.As(err, &ended):
			got = append(got, fmt.Sprintf("end %d %v unsure:%v", ended.Next, ended.Err, ended.Unsure))
		}
		if !slices.Equal(got, want) {
			b.Errorf("got %q, want %q", got, want)
		}
		return
	}
}

func TestEventsGoToThoseTheyConcern(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		all := map[string]*Subscription{}
		for _, key := range []string{"/d/", "/d/k", "/d/k/", "/d/kk", "/d/k/x", "/d/a/b/c", "/d/a/"} {
			s, _ := b.join(key, 11, func(w *Watch) { w.Feed = b.feeds["/d"] })
			all[key] = s
		}
		f := b.opened("/d")
		for _, e := range []change{
			{index: 11, key: "/d"},
			{index: 12, key: "/d/k"},
			{index: 13, key: "/d/k/x"},
			{index: 14, key: "/d/a/b", removal: true},
			{index: 15, key: "/d/a", removal: true},
			{index: 16, key: "/d/kk"},
			{index: 17, key: "/", removal: true},
		} {
			f.Deliver(e)
		}
		for key, want := range map[string]string{
			"/d/": "11 12 13 14 15 16 17", "/d/k": "12 17", "/d/k/": "12 13 17", "/d/kk": "16 17", "/d/k/x": "13 17",
			"/d/a/b/c": "14 15 17", "/d/a/": "14 15 17",
		} {
			b.got(all[key], strings.Fields(want)...)
		}
	})
}

func TestLateSubscriberGetsWhatTheRingHas(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		first := b.shared("/d/", 11)
		f := b.opened("/d")
		for i := range mostEvents + 10 {
			f.Deliver(change{index: uint64(11 + i), key: "/d/k"})
		}
		b.index = mostEvents + 20
		if s, _ := b.join("/d/k", 20); s != nil {
			b.Error("events that the ring has dropped are not missed")
		}
		b.got(b.shared("/d/k", b.index), "1020")
		b.polled("/d/k", b.index+2) // from an index that nobody has seen: the cluster may have been rolled back
		b.got(first, strings.Fields(strings.Trim(fmt.Sprint(numbers(11, mostEvents+10)), "[]"))...)
	})
}

func numbers(first, n int) (numbers []int) {
	for i := range n {
		numbers = append(numbers, first+i)
	}
	return numbers
}

// After an interruption the history may be another one: whoever joins waits until that is known.
func TestWatchThatJoinsAnInterruptedFeedWaits(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		early := b.shared("/d", 11)
		f := b.opened("/d")
		f.Deliver(change{index: 12, key: "/d"})
		f.Reopened()
		late := b.shared("/d", 11)
		b.got(late)
		if b.Present(Watch{Key: "/d"}) != 0 {
			b.Error("a feed that is not sure tells an index")
		}
		f.Progress(12)
		b.got(late, "end 11 <nil> unsure:true") // what came before the interruption may be of another history
		if got := b.Present(Watch{Key: "/d"}); got != 12 {
			b.Errorf("the index is %d", got)
		}
		b.polled("/d", 11) // for the same reason
		f.Deliver(change{index: 13, key: "/d"})
		b.got(b.shared("/d", 13), "13")
		f.Reopened()
		waiting := b.shared("/d", 13)
		changed := errors.New("another history")
		b.ends["/d"] <- End{Err: changed, After: 13}
		synctest.Wait()
		b.got(early, "12", "13", "end 14 another history unsure:true")
		b.got(waiting, "end 13 <nil> unsure:true")
	})
	inBubble(t, 0, func(b *bench) {
		b.shared("/d", 11)
		b.opened("/d")
		b.polled("/d", 11, func(w *Watch) { w.Unsure = true })
	})
}

// mark is a landmark of a test: a later one has a higher number.
type mark int

func (m mark) Adds(to Landmark) bool { return m > to.(mark) }
func (m mark) Before(e Event) bool   { return m <= e.(change).after }

// A feed on which nothing has happened knows of the history what its subscribers do, if they joined while it was sure.
func TestFeedKnowsWhatItsSubscribersKnow(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		knows := func(m mark) func(*Watch) { return func(w *Watch) { w.Known = m } }
		b.shared("/d", 11)
		f := b.opened("/d")
		if known := f.Known(); known != nil {
			t.Errorf("it knows %v", known)
		}
		for _, m := range []mark{3, 5, 4} {
			b.shared("/d", 11, knows(m))
		}
		f.Reopened()
		b.shared("/d", 11, knows(6))
		f.Progress(11)
		if known := f.Known(); known != mark(5) {
			t.Errorf("it knows %v", known)
		}
	})
}

// A watch of another history gets nothing of what a feed has that has not noticed yet that the cluster was restored.
func TestWatchOfAnotherHistoryDoesNotJoin(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		of := func(m mark) func(*Watch) { return func(w *Watch) { w.Known = m } }
		b.shared("/d", 11)
		f := b.opened("/d")
		f.Deliver(change{index: 12, key: "/d", after: 3})
		b.got(b.shared("/d", 12, of(3)), "12")
		p := b.polled("/d", 12, of(4))
		if p.Moves(12) || !p.Moves(13) {
			t.Error("it does not move when it has come to the present")
		}
	})
}

// Silence has moved a watch on before it joined, and was wrong.
func TestEventThatComesAfterAll(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		early := b.shared("/d", 11)
		f := b.opened("/d")
		f.Deliver(change{index: 12, key: "/d"})
		b.got(early, "12")
		f.Progress(20)
		moved := b.shared("/d", 18, func(w *Watch) { w.Least = 13 })
		f.Deliver(change{index: 15, key: "/d"})
		b.got(early, "15")
		b.got(moved, "15")
	})
}

// A subscriber that does not read leaves by itself, with the event that it has no room for.
func TestSlowSubscriberLeaves(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		slow, quick := b.shared("/d", 11), b.shared("/d", 11)
		f := b.opened("/d")
		const half = mostQueued/2 + 1
		f.Deliver(change{index: 11, key: "/d", weight: half})
		b.got(quick, "11")
		f.Deliver(change{index: 12, key: "/d", weight: half})
		b.got(quick, "12")
		f.Deliver(change{index: 13, key: "/d"})
		b.got(quick, "13")
		b.got(slow, "11", "end 12 <nil> unsure:false")
		slow.push(change{index: 14, key: "/d"}) // as the replay of a ring does
		b.got(slow, "end 12 <nil> unsure:false")
	})
}

// A position that was proven by silence alone is given up, as long as the history reaches back to the last event.
func TestPositionOfThoseThatLeave(t *testing.T) {
	for proven, want := range map[uint64]string{12 + healing - 1: "end 13", 12 + healing: fmt.Sprint("end ", 13+healing)} {
		inBubble(t, 0, func(b *bench) {
			s := b.shared("/d", 11)
			f := b.opened("/d")
			f.Deliver(change{index: 12, key: "/d"})
			f.Progress(proven)
			b.ends["/d"] <- End{}
			synctest.Wait()
			b.got(s, "12", want+" <nil> unsure:false")
		})
	}
}

// What the history has dropped up to the position of the feed does not concern a watch that begins after it.
func TestSubscriberAheadOfItsFeedOutlivesIt(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		b.index = 20
		old := b.shared("/d", 21)
		f := b.opened("/d")
		b.index = 3000
		new := b.shared("/d", 3001)
		f.Reopened()
		b.ends["/d"] <- End{Err: errors.New("cleared"), After: 20}
		synctest.Wait()
		b.got(old, "end 21 cleared unsure:true")
		b.got(new, "end 3001 <nil> unsure:true")
	})
}

func TestProgressIsToldToThoseThatAsk(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		asking := func(w *Watch) { w.Progress, w.Request = true, make(chan struct{}, 1) }
		s, other := b.shared("/d", 11, asking), b.shared("/d", 11)
		f := b.opened("/d")
		b.got(s, "p10")
		f.Progress(12)
		b.got(s, "p12")
		f.Progress(13)
		b.got(s)
		s.request()
		b.got(s, "p13")
		f.Progress(13)
		b.got(s)
		f.Progress(14)
		b.got(s, "p14")
		time.Sleep(progressInterval)
		f.Progress(15)
		b.got(s, "p15")
		b.got(other)
	})
}

func TestPulseIsPassedOn(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		pulses := 0
		b.shared("/d", 11, func(w *Watch) { w.Pulse = func() { pulses++ } })
		b.opened("/d").Pulse()
		if pulses != 1 {
			b.Errorf("%d signs of life", pulses)
		}
	})
}

// The last subscriber ends the feed, and so does the last of those that it was opened for.
func TestFeedEndsWithItsSubscribers(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		s := b.shared("/d", 11)
		s.Close()
		synctest.Wait()
		if f := b.feeds["/d"]; f.Context.Err() == nil || len(b.dirs) > 0 {
			b.Error("the feed has not ended")
		}
		p := b.polled("/d", 5)
		if f := b.feeds["/d"]; f.Context.Err() != nil {
			b.Error("no feed for the watch that is behind")
		}
		p.Leave()
		synctest.Wait()
		if f := b.feeds["/d"]; f.Context.Err() == nil || len(b.dirs) > 0 {
			b.Error("the feed has not ended")
		}
	})
}

func TestNextEndsWithItsContext(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		s := b.shared("/d", 11)
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("it returned %v", err)
		}
	})
}

// What was missed may be far before what a feed has delivered, and before what silence had shown. Its end says so.
func TestEndSaysHowFarTheFeedReallyCame(t *testing.T) {
	inBubble(t, 0, func(b *bench) {
		s, late := b.shared("/d", 11), b.shared("/d", 11)
		f := b.opened("/d")
		f.Deliver(change{index: 12, key: "/d"})
		f.Deliver(change{index: 15, key: "/d"})
		f.Progress(15 + healing)
		b.got(s, "12", "15")
		b.ends["/d"] <- End{Err: errors.New("cleared"), After: 13}
		synctest.Wait()
		b.got(s, "end 14 cleared unsure:false")
		b.got(late, "12", "15", "end 14 cleared unsure:false")
	})
}
