package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
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

// A member that hangs sends nothing, and neither does a healthy one where nothing happens.
func TestWatchLeavesAMemberThatHangs(t *testing.T) {
	for name, interval := range map[string]time.Duration{
		"by default": 0, "a short interval": 100 * time.Millisecond, "a long one": 5 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 2)
				r := &recorder{}
				client := e.connect(t, Config{PulseInterval: interval, Observer: r})
				w := startWatch(t, client, "/d", WithRecursive(), fromStart())
				<-time.After(10 * time.Second)
				first := e.members[0]
				first.freeze()
				e.set("/d/k")
				if interval == 0 {
					interval = time.Second
				}
				check(t, "event", w.takeWithin(t, 2*interval+100*time.Millisecond), "set /d/k@1")
				const why = "the member does not serve: no answer within"
				faults := 0
				for _, event := range r.got() {
					if event, ok := event.(WatchReopened); ok && strings.HasPrefix(event.Err.Error(), why) {
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

// A watch does so whatever its other time limits are.
func TestWatchLeavesAFrozenMember(t *testing.T) {
	for name, config := range map[string]Config{
		"short poll":         {PollTimeout: 5 * time.Second},
		"no attempt timeout": {AttemptTimeout: -1},
		"no pulse":           {PulseInterval: -1},
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
						t.Errorf("%v after %d polls of the frozen member, %d of the other",
							err, len(first.got()), len(second.got()))
					}
				})
			})
		}
	}
}

// Its polls stay open and bring nothing. It says that it has lost the others only when it is asked.
func TestWatchLeavesAMemberThatHasLostTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
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

// Members of old versions do not know the question, and others forbid it, but they do answer.
func TestRefusalToSayWhoLeadsIsASignOfLife(t *testing.T) {
	for _, status := range []int{401, 403, 404} {
		synctest.Test(t, func(t *testing.T) {
			e := fakes(t, 1)
			e.members[0].aside = map[string]http.HandlerFunc{leaderLine: text(status, "")}
			r := &recorder{}
			w := startWatch(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), fromStart())
			<-time.After(time.Minute)
			w.end(t)
			check(t, "faults told of", r.count(reopened), 0)
		})
	}
}

// With no better member a watch stays, and looks for what it has missed when the member is well again.
func TestWatchStaysWithItsOnlyMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		m := e.members[0]
		r := &recorder{}
		w := startWatch(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), fromStart())
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

// A member that was sent a snapshot has left out changes, and open polls have not seen them. That takes too
// little time for the answer to a question to be late.
func TestWatchDoesNotSleepThroughASnapshot(t *testing.T) {
	for name, forbidden := range map[string]string{
		"poll and question": "", "the poll": indexLine, "the question": changeLine,
	} {
		t.Run("seen by "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				m := e.members[0]
				m.aside = map[string]http.HandlerFunc{forbidden: text(401, "")}
				e.fill(100)
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive())
				<-time.After(10 * time.Second)
				m.change(func() { m.stopped = true })
				e.fill(5500)
				e.set("/d/k")
				<-time.After(500 * time.Millisecond)
				m.thaw(true)
				<-time.After(100 * time.Millisecond)
				e.fill(1) // which ends the poll that looks for leaps
				const want = "etcd: watch /d ended after index 100:"
				end := w.takeWithin(t, 2*time.Second)
				if !strings.HasPrefix(end, want) || !strings.Contains(end, "code 401") {
					t.Errorf("got %s", end)
				}
			})
		})
	}
}

// The index of a busy server is asked for so often that its steps are not taken for leaps.
func TestFastServerIsNotTakenForOneThatLeaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		r := &recorder{}
		w := startWatch(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), fromStart())
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		moving(ctx, e, 9000)
		w.end(t)
		check(t, "faults told of", r.count(reopened), 0)
	})
}

func TestOnePulseServesAllWatchesAndEndsWithThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		client := e.connect(t, Config{})
		m := e.members[0]
		for range 2 { // another begins when the first is over
			before := len(m.got(leaderLine))
			var watches []*following
			for range 5 {
				watches = append(watches, startWatch(t, client, "/d", fromStart()))
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

// A member that brings events is alive, and that holds for all polls that wait on it.
func TestMemberIsNotAskedWhilePollsBringEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		client := e.connect(t, Config{})
		busy := startWatch(t, client, "/busy", WithRecursive(), fromStart())
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

		quiet := startWatch(t, client, "/quiet", fromStart())
		tenSecondsOfEvents()
		check(t, "questions beside another watch", len(first.got(leaderLine)), 0)
		first.freeze()
		e.set("/quiet")
		quiet.takeWithin(t, 2*time.Second)
		quiet.end(t)
		busy.end(t)
	})
}

// countAll makes m count all that is asked, the pulse's questions included.
func countAll(m *fakeMember) *atomic.Int64 {
	var count atomic.Int64
	m.aside = map[string]http.HandlerFunc{
		indexLine: func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			m.read(w, r, "/_etcdv2/none", r.URL.Query())
		},
		changeLine: func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			m.wait(w, r, "/")
		},
		leaderLine: func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			healthy[leaderLine](w, r)
		},
	}
	m.fault = func(*http.Request) fault {
		count.Add(1)
		return faultless
	}
	return &count
}

// What a client with one quiet watch costs does not grow much with what others write.
func TestRequestsOfAQuietWatch(t *testing.T) {
	for rate, most := range map[int]int64{0: 126, 50: 70, 300: 90, 1000: 90} { // in a minute
		synctest.Test(t, func(t *testing.T) {
			e := fakes(t, 1)
			count := countAll(e.members[0])
			w := startWatch(t, e.connect(t, Config{}), "/quiet", fromStart())
			ctx, cancel := context.WithTimeout(t.Context(), 70*time.Second)
			defer cancel()
			begun := time.AfterFunc(10*time.Second, func() { count.Store(0) })
			defer begun.Stop()
			moving(ctx, e, rate)
			if n := count.Load(); n > most {
				t.Errorf("%d requests in a minute beside %d writes a second, at most %d are allowed", n, rate, most)
			}
			w.end(t)
		})
	}
}

// Whenever a member freezes whose index alone showed that it serves, its watches leave it within two intervals.
func TestWatchLeavesAMemberThatFreezesWhileOthersWrite(t *testing.T) {
	for _, rate := range []int{10, 50, 300, 1000} {
		for phase := range 10 {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 2)
				w := startWatch(t, e.connect(t, Config{}), "/quiet", fromStart())
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Duration(phase)*130*time.Millisecond)
				defer cancel()
				moving(ctx, e, rate)
				e.members[0].freeze()
				e.set("/quiet")
				w.takeWithin(t, 2*time.Second)
				w.end(t)
			})
		}
	}
}

func TestNoPulseWhereNoneIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		w := startWatch(t, e.connect(t, Config{PulseInterval: -1}), "/d", fromStart())
		<-time.After(time.Minute)
		check(t, "questions", len(e.members[0].got(leaderLine)), 0)
		check(t, "requests that wait", e.members[0].open(), 1)
		w.end(t)
	})
}

// A member on which nothing waits any more is asked nothing, and the poll that looks for leaps ends.
func TestPulseForgetsMembersThatWereLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		first := e.members[0]
		w := startWatch(t, e.connect(t, Config{}), "/d", fromStart())
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

// The client may end at any moment while watches begin.
func TestCloseAmidWatchesThatBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		client := e.connect(t, Config{})
		var watches sync.WaitGroup
		for range 20 {
			watches.Go(func() {
				for range 3 {
					_, err := client.WatchOnce(t.Context(), "/d", fromStart())
					checkIs(t, err, ErrClosed)
				}
			})
		}
		client.Close()
		watches.Wait()
	})
}

// The member stops between the header of a poll and the event out of its history.
func TestPollThatIsFrozenBehindItsHeaderProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		thawed := time.Now().Add(1500 * time.Millisecond)
		w.aside = map[string]http.HandlerFunc{leaderLine: func(rw http.ResponseWriter, r *http.Request) {
			<-time.After(time.Until(thawed))
			healthy[leaderLine](rw, r)
		}}
		w.replies = []http.HandlerFunc{func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("X-Etcd-Cluster-Id", "7e27652122e8b2ae")
			rw.Header().Set("X-Etcd-Index", "20")
			rw.(http.Flusher).Flush()
			<-time.After(time.Until(thawed))
			fmt.Fprint(rw, `{"action":"set","node":{"key":"/k","value":"v","modifiedIndex":6,"createdIndex":2}}`)
		}, eventAt("set", "/k", 40, 40), hang}
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@6"})
	})
}
