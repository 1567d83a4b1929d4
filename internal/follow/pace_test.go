package follow

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPaceFollowsTheLag(t *testing.T) {
	type answer struct{ from, index uint64 }
	for name, test := range map[string]struct {
		head    uint64
		answers []answer
		window  uint64
		fast    bool
	}{
		"nothing behind":              {10, []answer{{10, 10}}, 1, false},
		"a little behind":             {20, []answer{{10, 10}}, 10, false},
		"far behind, once":            {500, []answer{{10, 10}}, mostPolls, false},
		"far behind, twice":           {500, []answer{{10, 10}, {11, 11}}, mostPolls, true},
		"not far enough for a stream": {25, []answer{{10, 10}, {11, 11}}, 14, false},
		"caught up in between":        {25, []answer{{9, 9}, {25, 25}, {10, 10}}, 15, false},
		"few events":                  {500, []answer{{10, 10}, {11, 20}}, mostPolls / 2, true},
		"fewer events":                {500, []answer{{10, 10}, {11, 20}, {21, 30}, {31, 40}}, mostPolls / 8, true},
		"no events but this":          {500, []answer{{10, 400}}, 1, false},
		"ahead of what was known":     {0, []answer{{10, 10}}, 1, false},
	} {
		p := newPace(time.Minute)
		p.head = test.head
		fast := false
		for _, a := range test.answers {
			fast = p.answered(a.from, a.index)
		}
		check(t, name+": window", p.window, test.window)
		check(t, name+": fast", fast, test.fast)
		p.caughtUp()
		check(t, name+": window at rest", p.window, uint64(1))
		check(t, name+": run at rest", p.run, 0)
	}
}

// Polls are to be renewed before the history has moved on, where that can be.
func TestPaceOfRenewal(t *testing.T) {
	most := newPace(50 * time.Second).most
	if most < 44*time.Second || most > 49*time.Second {
		t.Fatalf("renewal after %v", most)
	}
	for name, test := range map[string]struct {
		moved uint64
		in    time.Duration
		want  time.Duration
	}{
		"nothing moves":            {0, 10 * time.Second, most},
		"slowly":                   {10, 10 * time.Second, most},
		"so that it matters":       {400, 10 * time.Second, 10 * time.Second},
		"fast":                     {2000, 10 * time.Second, 2 * time.Second},
		"too fast":                 {6000, 10 * time.Second, most},
		"too soon to tell":         {100, 400 * time.Millisecond, 5 * time.Second},
		"back: it cannot be told":  {^uint64(0), 10 * time.Second, 5 * time.Second},
		"as slowly as is measured": {500, SearchTime / 2, most},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(50 * time.Second)
			p.most = most
			p.registered(1000, time.Now())
			check(t, name+": at first", p.renewal, 5*time.Second)
			<-time.After(test.in)
			p.registered(1000+test.moved, time.Now())
			check(t, name, p.renewal, test.want)
		})
	}
}

// Watches that began together are not to come back together.
func TestPacesDiffer(t *testing.T) {
	lengths := map[time.Duration]bool{}
	for range 20 {
		p := newPace(time.Hour)
		if lengths[p.most] = true; p.most < 53*time.Minute || p.most > time.Hour {
			t.Errorf("a poll takes %v", p.most)
		}
	}
	if len(lengths) < 2 {
		t.Errorf("all polls take the same: %v", lengths)
	}
	p := newPace(2 * SearchTime)
	if p.renewal > SearchTime || p.renewal < SearchTime*9/10 {
		t.Errorf("the shortest poll takes %v", p.renewal)
	}
}

func TestStreamsThatBringNothingAreNotAskedForAgainAtOnce(t *testing.T) {
	p := newPace(time.Minute)
	p.streamEnded(true)
	check(t, "after one that brought events", p.streamless.IsZero(), true)
	p.streamEnded(false)
	check(t, "after one that did not", p.streamless.After(time.Now()), true)
}

func TestAnswersThatComeOftenAreWorthAStream(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		every time.Duration
		after int // answers; 0 for never
	}{{10 * time.Millisecond, streamOften}, {25 * time.Millisecond, streamOften}, {26 * time.Millisecond, 0}, {time.Second, 0}} {
		p, after := newPace(time.Minute), 0
		for n := 1; n <= 200 && after == 0; n++ {
			if p.often(now.Add(time.Duration(n) * test.every)) {
				after = n
			}
		}
		check(t, test.every.String(), after, test.after)
	}
}
