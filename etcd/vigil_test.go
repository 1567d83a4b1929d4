package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// takeWithin returns the next event, and fails if it comes later than most from now.
func (f *following) takeWithin(t *testing.T, most time.Duration) string {
	t.Helper()
	start := time.Now()
	event := f.take(t, 1)
	if took := time.Since(start); took > most {
		t.Errorf("%q came after %v", event, took)
	}
	return strings.Join(event, "")
}

// A member that hangs says nothing, nor does a healthy one where nothing happens.
func TestWatchLeavesAMemberThatHangs(t *testing.T) {
	for name, interval := range map[string]time.Duration{"by default": 0, "a short interval": 100 * time.Millisecond, "a long one": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 2)
				r := &recorder{}
				w := follow(t, e.connect(t, Config{PulseInterval: interval, Observer: r}), "/d", WithRecursive(), WithAfterIndex(0))
				<-time.After(10 * time.Second)
				first := e.members[0]
				first.freeze()
				e.set("/d/k")
				if interval == 0 {
					interval = time.Second
				}
				check(t, "event", w.takeWithin(t, 2*interval+100*time.Millisecond), "set /d/k@1")
				faults := 0
				for _, event := range r.got() {
					if event, ok := event.(WatchReopened); ok && strings.HasPrefix(event.Err.Error(), "the member does not serve: no answer within") {
						faults++
					}
				}
				check(t, "faults told of", faults, 1)
				check(t, "all of them", r.count(reopened), 1)
				first.thaw(false)
				<-time.After(time.Minute)
				e.set("/d/k")
				check(t, "event", w.takeWithin(t, 0), "set /d/k@2")
				w.end(t)
			})
		})
	}
}

// However its other time limits are set.
func TestWatchLeavesAFrozenMember(t *testing.T) {
	for name, config := range map[string]Config{
		"short poll": {PollTimeout: 5 * time.Second}, "no attempt timeout": {AttemptTimeout: -1}, "no vigil": {PulseInterval: -1},
	} {
		for begins, frozen := range map[string]http.HandlerFunc{"at once": hang, "after a header": silent(4)} {
			t.Run(name+" "+begins, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var net network
					first := net.serve(t, "a", frozen, hang)
					first.aside = map[string]http.HandlerFunc{leaderLine: hang}
					second := net.serve(t, "b", eventAt("set", "/k", 5, 4))
					config.Endpoints = []string{"http://a", "http://b"}
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					if _, err := net.connect(t, config).WatchOnce(ctx, "/k", WithAfterIndex(4)); err != nil {
						t.Errorf("%v after %d polls of the frozen member, %d of the other", err, len(first.got()), len(second.got()))
					}
				})
			})
		}
	}
}

// Its polls are open and bring nothing, and it says so only when it is asked.
func TestWatchLeavesAMemberThatHasLostTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		w := follow(t, e.connect(t, Config{}), "/d", WithRecursive(), WithAfterIndex(0))
		<-time.After(10 * time.Second)
		e.members[0].change(func() {
			e.members[0].stopped = true
			e.members[0].aside = map[string]http.HandlerFunc{leaderLine: text(503, `{"message":"During election"}`)}
		})
		e.set("/d/k")
		check(t, "event", w.takeWithin(t, 2*time.Second), "set /d/k@1")
		w.end(t)
	})
}

// Members of old versions do not know the question, and others forbid it: they answer.
func TestRefusalToSayWhoLeadsIsASignOfLife(t *testing.T) {
	for _, status := range []int{401, 403, 404} {
		synctest.Test(t, func(t *testing.T) {
			e := fakes(t, 1)
			e.members[0].aside = map[string]http.HandlerFunc{leaderLine: text(status, "")}
			r := &recorder{}
			w := follow(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), WithAfterIndex(0))
			<-time.After(time.Minute)
			w.end(t)
			check(t, "faults told of", r.count(reopened), 0)
		})
	}
}

// With no better member a watch stays, and when that is well again it looks what it has missed.
func TestWatchStaysWithItsOnlyMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		m := e.members[0]
		r := &recorder{}
		w := follow(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), WithAfterIndex(0))
		<-time.After(5 * time.Second)
		m.freeze()
		<-time.After(20 * time.Second)
		before := r.count(reopened)
		<-time.After(10 * time.Second)
		check(t, "reopened while it hangs", r.count(reopened), before)
		e.set("/d/k")
		m.thaw(true)
		check(t, "event", w.takeWithin(t, 3*time.Second), "set /d/k@1")
		<-time.After(5 * time.Second)
		before = r.count(reopened)
		<-time.After(time.Minute)
		check(t, "reopened when it is well", r.count(reopened), before)
		w.end(t)
	})
}

// Who was sent a snapshot has left out changes, and open polls have not seen them. It takes too little
// time for a question to be late.
func TestWatchDoesNotSleepThroughASnapshot(t *testing.T) {
	for name, forbidden := range map[string]string{"canary and question": "", "canary": soundLine, "question": canaryLine} {
		t.Run("seen by "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				m := e.members[0]
				m.aside = map[string]http.HandlerFunc{forbidden: text(401, "")}
				e.fill(100)
				w := follow(t, e.connect(t, Config{}), "/d", WithRecursive())
				<-time.After(10 * time.Second)
				m.change(func() { m.stopped = true })
				e.fill(5500)
				e.set("/d/k")
				<-time.After(500 * time.Millisecond)
				m.thaw(true)
				<-time.After(100 * time.Millisecond)
				e.fill(1) // which wakes the canary
				if end := w.takeWithin(t, 2*time.Second); !strings.HasPrefix(end, "etcd: watch /d ended after index 100:") || !strings.Contains(end, "code 401") {
					t.Errorf("got %s", end)
				}
			})
		})
	}
}

// Somebody may have made the key that nobody has: the index counts all the same.
func TestAnyAnswerToTheQuestionTellsTheIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			reply http.HandlerFunc
			want  uint64
		}{"there": {keys(200, 7, ""), 7}, "missing": {keys(404, 7, ""), 7}, "forbidden": {keys(401, 7, ""), 7}, "no answer": {hangup, 0}} {
			var net network
			net.serve(t, "a", test.reply)
			client := net.connect(t, Config{Endpoints: []string{"http://a"}})
			v, m := &client.cluster.vigil, client.cluster.roster.all()[0]
			v.sound(t.Context(), m)
			check(t, "index of a member on which nothing waits", v.reached(m), uint64(0))
			release := v.keep()
			v.members[m] = &waiting{canary: func() {}}
			v.sound(t.Context(), m)
			check(t, name, v.reached(m), test.want)
			release()
		}
	})
}

// A busy server is looked at so often that its steps are no leaps.
func TestFastServerIsNotTakenForOneThatLeaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		r := &recorder{}
		w := follow(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), WithAfterIndex(0))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		moving(ctx, e, 9000)
		w.end(t)
		check(t, "faults told of", r.count(reopened), 0)
	})
}

func TestOneVigilServesAllWatchesAndEndsWithThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		client := e.connect(t, Config{})
		m := e.members[0]
		for range 2 { // another begins when the first is over
			before := len(m.got(leaderLine))
			var watches []*following
			for range 5 {
				watches = append(watches, follow(t, client, "/d", WithAfterIndex(0)))
			}
			<-time.After(10500 * time.Millisecond)
			check(t, "questions in ten seconds", len(m.got(leaderLine))-before, 10)
			check(t, "requests that wait", m.open(), 6)
			for _, w := range watches {
				w.end(t)
			}
			<-time.After(time.Minute)
			check(t, "questions after the watches", len(m.got(leaderLine))-before, 10)
			check(t, "requests that wait then", m.open(), 0)
		}
		check(t, "questions of the member on which nothing waits", len(e.members[1].got("")), 0)
	})
}

// Who brings events lives, and leaves polls that have not waited long; another poll may have.
func TestMemberIsNotAskedWhilePollsBringEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		client := e.connect(t, Config{})
		busy := follow(t, client, "/busy", WithRecursive(), WithAfterIndex(0))
		first := e.members[0]
		tenSecondsOfEvents := func() {
			for range 200 {
				<-time.After(50 * time.Millisecond)
				e.set("/busy/k")
				busy.take(t, 1)
			}
		}
		tenSecondsOfEvents()
		check(t, "questions meanwhile", len(first.got(leaderLine)), 0)

		quiet := follow(t, client, "/quiet", WithAfterIndex(0))
		tenSecondsOfEvents()
		<-time.After(50 * time.Millisecond) // for the last tick to be over
		check(t, "questions beside another watch", len(first.got(leaderLine)), 10)
		quiet.end(t)

		asked := len(first.got(leaderLine))
		tenSecondsOfEvents()
		check(t, "further questions", len(first.got(leaderLine))-asked, 0)
		first.freeze()
		e.set("/busy/k")
		busy.takeWithin(t, 2100*time.Millisecond)
		busy.end(t)
	})
}

func TestNoVigilWhereNoneIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		w := follow(t, e.connect(t, Config{PulseInterval: -1}), "/d", WithAfterIndex(0))
		<-time.After(time.Minute)
		check(t, "questions", len(e.members[0].got(leaderLine)), 0)
		check(t, "requests that wait", e.members[0].open(), 1)
		w.end(t)
	})
}

// A member on which nothing waits any more is left in peace, and its canary ends.
func TestVigilForgetsMembersThatWereLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		first := e.members[0]
		w := follow(t, e.connect(t, Config{}), "/d", WithAfterIndex(0))
		<-time.After(5 * time.Second)
		first.change(func() { first.fault = func(*http.Request) fault { return fail500 } })
		first.hangUp()
		<-time.After(5 * time.Second)
		asked := len(first.got(leaderLine))
		<-time.After(time.Minute)
		check(t, "further questions", len(first.got(leaderLine))-asked, 0)
		check(t, "requests that wait", first.open(), 0)
		w.end(t)
	})
}

// However the end of a client and the beginning of watches meet.
func TestCloseAmidWatchesThatBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		client := e.connect(t, Config{})
		var watches sync.WaitGroup
		for range 20 {
			watches.Go(func() {
				for range 3 {
					_, err := client.WatchOnce(t.Context(), "/d", WithAfterIndex(0))
					checkIs(t, err, ErrClosed)
				}
			})
		}
		client.Close()
		watches.Wait()
		release := client.cluster.vigil.keep() // too late, and no matter
		release()
		client.cluster.vigil.join(client.cluster.roster.all()[0], client.cluster.newLimit(t.Context(), 0))
	})
}

// How often a member is looked at follows how fast it moves.
func TestWhenToLookAgain(t *testing.T) {
	for name, test := range map[string]struct {
		moved  uint64
		passed time.Duration
		want   time.Duration
	}{
		"stood still for long":  {1, time.Hour, leastLooking},
		"moved at once":         {1, 0, mostLooking},
		"moved fast":            {1000, 100 * time.Millisecond, leastLooking},
		"moved very fast":       {100000, 100 * time.Millisecond, leastLooking},
		"at a middling speed":   {599, 80 * time.Millisecond, 150 * time.Millisecond},
		"slowly, but steadily":  {3, 150 * time.Millisecond, mostLooking},
		"not at all, for short": {0, 0, mostLooking},
	} {
		check(t, name, untilLook(test.moved, test.passed), test.want)
	}
}

// A member that is stopped behind the header of a poll, and before the event out of its history.
func TestPollThatIsFrozenBehindItsHeaderProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		thawed := time.Now().Add(1500 * time.Millisecond)
		w.aside = map[string]http.HandlerFunc{leaderLine: func(rw http.ResponseWriter, r *http.Request) {
			<-time.After(time.Until(thawed))
			healthy[leaderLine](rw, r)
		}}
		w.replies = []http.HandlerFunc{func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("X-Etcd-Index", "20")
			rw.(http.Flusher).Flush()
			<-time.After(time.Until(thawed))
			fmt.Fprint(rw, `{"action":"set","node":{"key":"/k","value":"v","modifiedIndex":6,"createdIndex":2}}`)
		}, eventAt("set", "/k", 40, 40), hang}
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@6"})
	})
}
