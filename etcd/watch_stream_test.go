package etcd

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// streamLine asks for a stream of /d.
const streamLine = "GET /v2/keys/d?recursive=true&wait=true&stream=true"

// aFlood is a watch of /d that has followed a flood.
type aFlood struct {
	*fakeMember
	*following
	seen *recorder
}

func flooded(t *testing.T, flood func(*fakeEtcd, int), n int, prepare func(*fakeMember)) *aFlood {
	t.Helper()
	e := fakes(t, 1)
	m := e.members[0]
	m.delay = time.Millisecond
	prepare(m)
	r := &recorder{}
	w := startWatch(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), fromStart())
	synctest.Wait()
	flood(e, n)
	checkEvents(t, w.take(t, n), sets("/d/k", 1, n))
	t.Cleanup(func() { w.end(t) })
	return &aFlood{m, w, r}
}

// count returns how many of the events that r was told match.
func (r *recorder) count(match func(Event) bool) int {
	n := 0
	for _, event := range r.got() {
		if match(event) {
			n++
		}
	}
	return n
}

func reopened(event Event) bool { _, ok := event.(WatchReopened); return ok }

func TestStreamOfWhichTheServerLetsGoIsRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := flooded(t, floods["in bursts"], 1200, func(*fakeMember) {})
		if m.detached < 3 || m.streams <= m.detached {
			t.Errorf("%d streams, %d let go of", m.streams, m.detached)
		}
		if n := m.seen.count(reopened); n < m.detached {
			t.Errorf("%d streams were let go of, %d times that was told", m.detached, n)
		}
	})
}

// A stream is for floods: when there is none it is gone, and one poll remains.
func TestStreamEndsWhenLittleHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := flooded(t, floods["steadily"], 1000, func(*fakeMember) {})
		check(t, "streams", m.streams, 1)
		check(t, "faults told of", m.seen.count(reopened), 0)
		check(t, "times it was feared that the cluster is rolled back", len(m.got("GET /v2/keys/d?quorum=true")), 0)
		<-time.After(2 * time.Second)
		check(t, "requests that wait", m.open(), 2) // the other is the pulse's
		before := len(m.got("GET /v2/keys/d"))
		<-time.After(time.Minute)
		if polls := len(m.got("GET /v2/keys/d")) - before; polls > 3 {
			t.Errorf("%d polls in a minute without events", polls)
		}
		floods["steadily"](m.fakeEtcd, 200)
		checkEvents(t, m.take(t, 200), sets("/d/k", 1001, 1200))
	})
}

// A proxy that holds streams back is found out once, and then for some time no more streams are asked for.
func TestWatchDoesWithoutStreamsWhereTheyBringNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := flooded(t, floods["steadily"], 1500, func(m *fakeMember) { m.proxy = whenComplete })
		check(t, "streams", m.streams, 1)
		m.change(func() { m.proxy = noProxy })
		<-time.After(32 * time.Second) // the watch does without for 30 s
		floods["in bursts"](m.fakeEtcd, 500)
		checkEvents(t, m.take(t, 500), sets("/d/k", 1501, 2000))
		if m.streams < 2 {
			t.Error("no other stream was asked for later")
		}
	})
}

// One that passes it on in chunks makes it come late, and in the middle of an event.
func TestStreamInChunks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := flooded(t, floods["steadily"], 1500, func(m *fakeMember) { m.proxy = inChunks })
		<-time.After(3 * time.Second)
		check(t, "requests that wait", m.open(), 1) // a look-out for leaps does not last there
	})
}

// The server that ends a stream, and one that answers it strangely: nothing is lost by either.
func TestStreamThatFails(t *testing.T) {
	t.Parallel() // it computes for long
	for name, answer := range map[string]http.HandlerFunc{
		"breaks":           cutPoll(1),
		"ends":             keys(200, 1, ""),
		"is not JSON":      keys(200, 1, "<html>"),
		"without a node":   keys(200, 1, `{"action":"set"}`),
		"a line not JSON":  keys(200, 1, "<html>\n"),
		"a line, no node":  keys(200, 1, `{"action":"set"}`+"\n"),
		"a blank line":     keys(200, 1, "\n"),
		"without an index": silent(0),
		"is an error":      refusing(500, ErrRaftInternal, "", 0),
		"no answer":        hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := flooded(t, floods["in bursts"], 400, func(m *fakeMember) {
					m.aside = map[string]http.HandlerFunc{streamLine: answer}
				})
				<-time.After(3 * time.Second)
				check(t, "requests that wait", m.open(), 2)
			})
		})
	}
}

func TestStreamThatIsBrokenIsFollowedByPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := flooded(t, func(e *fakeEtcd, n int) {
			for i := range n {
				e.set("/d/k")
				<-time.After(100 * time.Microsecond)
				if i%500 == 499 {
					e.members[0].hangUp()
				}
			}
		}, 2000, func(*fakeMember) {})
		if m.seen.count(reopened) == 0 {
			t.Error("nobody was told")
		}
	})
}

// If polls are served, nothing depends on the stream.
func TestStreamThatIsRefusedCostsNoEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		m := e.members[0]
		m.delay = time.Millisecond
		m.aside = map[string]http.HandlerFunc{streamLine: refusing(401, ErrUnauthorized, "", 0)}
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		synctest.Wait()
		floods["in bursts"](e, 600)
		checkEvents(t, w.take(t, 600), sets("/d/k", 1, 600))
		w.end(t)
	})
}

func TestWatchTellsHowFarItIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		for range 900 {
			e.set("/d/k")
		}
		e.members[0].delay = 100 * time.Millisecond
		r := &recorder{}
		w := startWatch(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), fromStart())
		checkEvents(t, w.take(t, 900), sets("/d/k", 1, 900))
		<-time.After(5 * time.Second)
		w.end(t)
		var lags []string
		for _, event := range r.got() {
			if lag, ok := event.(WatchLag); ok {
				lags = append(lags, fmt.Sprintf("%s %t %t", lag.Key, lag.Lag > 100, lag.After+lag.Lag == 900))
			}
		}
		if len(lags) < 2 || len(lags) > 5 {
			t.Fatalf("told %q", lags)
		}
		last := len(lags) - 1
		for _, lag := range lags[:last] {
			check(t, "while behind", lag, "/d true true")
		}
		check(t, "at the end", lags[last], "/d false true")
	})
}
