package etcd

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/follow"
)

// history are events some of which a server with the blind spot does not find.
func history(e *fakeEtcd) {
	for _, key := range []string{"/other", "/d", "/other", "/d/k", "/d", "/other", "/d/k", "/other", "/d"} {
		e.set(key)
	}
}

var wholeHistory = []string{"set /d@2", "set /d/k@4", "set /d@5", "set /d/k@7", "set /d@9"}

func TestBlindSpotHidesNothing(t *testing.T) {
	for version, known := range map[string]bool{"2.3.8": true, "3.0.17": true, "3.1.0": false, "2.2.5": false, "": true} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				m := e.members[0]
				if known {
					e.version = "2.3.8"
				}
				m.aside = map[string]http.HandlerFunc{versionLine: text(200, `{"etcdserver":"`+version+`"}`)}
				if version == "" {
					m.aside[versionLine] = text(500, "")
				}
				history(e)
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
				check(t, "events", w.take(t, 5), wholeHistory)
				if n := len(m.got("GET /v2/keys/d")); n > 40 {
					t.Errorf("%d polls", n)
				}
				check(t, "polls of the key itself", len(m.got("GET /v2/keys/d?wait")) > 0, known)
				// And then as they happen, at once.
				start := time.Now()
				e.set("/d/k")
				e.set("/d")
				e.set("/d/k")
				check(t, "events", w.take(t, 3), []string{"set /d/k@10", "set /d@11", "set /d/k@12"})
				if took := time.Since(start); took > 2*follow.SearchTime {
					t.Errorf("they took %v", took)
				}
				w.end(t)
			})
		})
	}
}

// What the poll of the key itself brings may come first, last, or in between.
func TestBlindSpotInAnyOrder(t *testing.T) {
	for name, slow := range map[string]string{"polls are slow": "recursive=true&wait=true", "the other is": "/d?wait=true"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				e.version = "2.3.8"
				m := e.members[0]
				m.fault = func(r *http.Request) fault {
					if strings.Contains(r.RequestURI, slow) {
						return late
					}
					return faultless
				}
				history(e)
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
				check(t, "events", w.take(t, 5), wholeHistory)
				w.end(t)
			})
		})
	}
}

// Where a proxy holds headers back, silence must do as proof that the key itself did not change.
func TestBlindSpotBehindAProxy(t *testing.T) {
	for _, proxy := range []proxy{inChunks, whenComplete} {
		synctest.Test(t, func(t *testing.T) {
			e := fakes(t, 1)
			e.version = "2.3.8"
			e.members[0].proxy = proxy
			history(e)
			w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
			e.fill(1)
			index := e.set("/d/k")
			check(t, "events", w.take(t, 6), slices.Concat(wholeHistory, sets("/d/k", index, index)))
			<-time.After(time.Minute)
			index = e.set("/d/k")
			check(t, "events", w.take(t, 1), sets("/d/k", index, index))
			w.end(t)
		})
	}
}

// A change of nothing but the key itself is found too, if later.
func TestBlindSpotOfTheKeyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.version = "2.3.8"
		e.fill(5)
		e.set("/d")
		e.fill(5)
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		check(t, "events", w.take(t, 1), sets("/d", 6, 6))
		w.end(t)
	})
}

// On a server with a blind spot too, a quiet watch keeps up with the others, and both its polls do.
func TestBlindSpotOfAQuietWatch(t *testing.T) {
	besideOthers(t, func(e *fakeEtcd) {
		for range 100 {
			e.fill(100)
			<-time.After(time.Second)
		}
		if n := e.members[0].open(); n < 2 || n > 4 { // it may just be renewed, another is the pulse's
			t.Errorf("%d requests wait", n)
		}
	})
}

// Where the history is gone long before a poll is renewed, the old one stays until the new one has been
// open beside it for long; that of the key itself too.
func TestBlindSpotBesideAFastStore(t *testing.T) {
	t.Parallel() // it computes for long
	besideOthers(t, func(e *fakeEtcd) {
		times := 1200
		if testing.Short() {
			times = 700 // longer than a poll
		}
		for range times {
			e.fill(500)
			<-time.After(100 * time.Millisecond)
		}
	})
}

// besideOthers expects a watch to bring what happens after a long time in which only others wrote.
func besideOthers(t *testing.T, others func(*fakeEtcd)) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.version = "2.3.8"
		history(e)
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		check(t, "events", w.take(t, 5), wholeHistory)
		others(e)
		for _, key := range []string{"/d", "/d/k"} {
			index := e.set(key)
			check(t, "events", w.take(t, 1), sets(key, index, index))
		}
		w.end(t)
	})
}

// The deletion of /di is no event of /dir, but old servers bring it.
func TestForeignEventInTheBlindSpotIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.version = "2.3.8"
		e.set("/other")
		e.set("/dir/k")
		e.happen("delete", "/di", true)
		e.set("/other")
		e.set("/dir")
		e.happen("delete", "/di", true)
		e.set("/dir/k")
		w := startWatch(t, e.connect(t, Config{}), "/dir", WithRecursive(), fromStart())
		check(t, "events", w.take(t, 3), []string{"set /dir/k@2", "set /dir@5", "set /dir/k@7"})
		<-time.After(time.Minute)
		w.end(t)
	})
}
