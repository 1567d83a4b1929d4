package etcd

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/fakenet"
)

// A cluster that was wiped has the same ID, and may have passed the index that a watch has come to.
func TestWatchNoticesAnotherHistory(t *testing.T) {
	for name, write := range map[string]func(e *fakeEtcd){
		"the key is not there":             func(e *fakeEtcd) { e.fill(50) },
		"the key was made at another time": func(e *fakeEtcd) { e.fill(20); e.set("/d/k"); e.fill(50) },
		"another key at the same index":    func(e *fakeEtcd) { e.fill(9); e.happen("set", "/d/other", false); e.set("/d/k"); e.fill(50) },
		"the key was written there, too": func(e *fakeEtcd) {
			e.fill(9)
			e.set("/d/k")
			value := "another"
			e.log[9].Node.Value = &value
			e.set("/d/k")
			e.fill(50)
		},
		"the key was deleted there": func(e *fakeEtcd) {
			e.fill(8)
			e.set("/d/k")
			e.happen("delete", "/d/k", false)
			e.set("/d/k")
			e.fill(50)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				e.fill(9)
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
				e.set("/d/k")
				check(t, "events", w.take(t, 1), sets("/d/k", 10, 10))
				synctest.Wait()
				e.wipe(func() { write(e) })
				end := strings.Join(w.take(t, 1), "")
				if !strings.Contains(end, errs.Bare(ErrClusterRolledBack).Error()) {
					t.Errorf("it ended with %q", end)
				}
			})
		})
	}
}

// A landmark adds to what a feed knows if it is later in the same raft term, and what comes after it has that term or a later
// one. An answer need not tell the term.
func TestLandmarksOfOneHistory(t *testing.T) {
	known := &landmark{modified: 10, term: 2}
	check(t, "later", (&landmark{modified: 11, term: 2}).Adds(known), true)
	check(t, "earlier", (&landmark{modified: 9, term: 2}).Adds(known), false)
	check(t, "later, of another term", (&landmark{modified: 11, term: 3}).Adds(known), false)
	for term, want := range map[uint64]bool{0: true, 1: false, 2: true, 3: true} {
		check(t, fmt.Sprint("before an event of term ", term), known.Before(&event{RaftTerm: term}), want)
	}
}

// The same key may have been deleted at the same index, but then it was another node.
func TestDeletionOfAnotherNodeIsAnotherHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(8)
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		e.set("/d/k")
		e.set("/d/k")
		e.happen("delete", "/d/k", false)
		w.take(t, 3)
		synctest.Wait()
		e.wipe(func() { e.fill(8); e.set("/d/k"); e.fill(1); e.happen("delete", "/d/k", false); e.set("/d/k") })
		if end := strings.Join(w.take(t, 1), ""); !strings.Contains(end, errs.Bare(ErrClusterRolledBack).Error()) {
			t.Errorf("it ended with %q", end)
		}
	})
}

// What has come before it is known that the history is the same may be of another one: the check was answered later.
func TestWhatComesBeforeTheCheckOfTheHistoryIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		m := e.members[0]
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		e.set("/d/k")
		w.take(t, 1)
		synctest.Wait()
		check := make(chan struct{})
		m.change(func() {
			m.aside = map[string]http.HandlerFunc{"GET /v2/keys/d/k?quorum=true": func(rw http.ResponseWriter, r *http.Request) {
				select {
				case <-check:
					m.read(rw, r, "/d/k", r.URL.Query())
				case <-r.Context().Done():
				}
			}}
		})
		m.hangUp()
		e.set("/d/gone")
		<-time.After(time.Second)
		e.restore(1)
		e.set("/d/a")
		e.set("/d/b")
		close(check)
		if events := w.take(t, 2); !slices.Equal(events, append(sets("/d/a", 2, 2), sets("/d/b", 3, 3)...)) {
			t.Errorf("it received %q", events)
		}
		w.end(t)
	})
}

// An interruption alone is none, whatever has become of what was seen.
func TestInterruptionIsNoOtherHistory(t *testing.T) {
	for name, write := range map[string]func(e *fakeEtcd) (events int){
		"nothing happens":                   func(*fakeEtcd) int { return 0 },
		"the key is written":                func(e *fakeEtcd) int { e.set("/d/k"); return 1 },
		"the key is deleted":                func(e *fakeEtcd) int { e.happen("delete", "/d/k", false); return 1 },
		"the key is deleted and made again": func(e *fakeEtcd) int { e.happen("delete", "/d/k", false); e.set("/d/k"); return 2 },
		"its directory is deleted":          func(e *fakeEtcd) int { e.happen("delete", "/d", true); return 1 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
				e.set("/d/k")
				w.take(t, 1)
				synctest.Wait()
				e.members[0].hangUp()
				n := write(e)
				check(t, "events", len(w.take(t, n)), n)
				e.members[0].hangUp()
				<-time.After(10 * time.Second)
				e.members[0].hangUp()
				index := e.set("/d/k")
				check(t, "events", w.take(t, 1), sets("/d/k", index, index))
				w.end(t)
			})
		})
	}
}

// A member that has not come to the landmark does not show that it is not there.
func TestMemberThatLagsDoesNotDenyTheLandmark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		watched, lags := e.members[0], e.members[1]
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		synctest.Wait()
		if lags.open() > 0 {
			watched, lags = lags, watched
		}
		lags.change(func() { lags.stopped = true })
		e.set("/d/k")
		e.happen("delete", "/d/k", false)
		w.take(t, 2)
		synctest.Wait()
		watched.freeze()
		<-time.After(2 * time.Minute)
		lags.thaw(false)
		index := e.set("/d/k")
		check(t, "events", w.take(t, 1), sets("/d/k", index, index))
		w.end(t)
	})
}

// A connection that brings nothing does not show that the landmark is not there, also where nothing can ask a member to
// end a poll.
func TestDeadConnectionDoesNotDenyTheLandmark(t *testing.T) {
	for name, own := range map[string]bool{"the client's connections": false, "an HTTPClient": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				var dead atomic.Int64
				var ill atomic.Bool
				e.net.Delay(func() func() time.Duration {
					writes := 0
					return func() time.Duration {
						if writes++; writes == 3 && ill.Load() { // behind an answer to a GET and the header of a poll
							dead.Add(1)
							return fakenet.Forever
						}
						return 0
					}
				})
				e.set("/d/k")
				e.happen("delete", "/d/k", false)
				client := e.connect(t, Config{})
				if own {
					transport := &http.Transport{DialContext: e.net.Dial}
					defer transport.CloseIdleConnections()
					client = connectWith(t, Config{Endpoints: []string{e.members[0].url}, HTTPClient: &http.Client{Transport: transport}})
				}
				w := startWatch(t, client, "/d", WithRecursive(), fromStart())
				w.take(t, 2)
				ill.Store(true)
				e.members[0].hangUp()
				<-time.After(time.Minute)
				if ill.Store(false); dead.Load() < 2 {
					t.Errorf("no two connections were dead")
				}
				index := e.set("/d/k")
				check(t, "events", w.take(t, 1), sets("/d/k", index, index))
				w.end(t)
			})
		})
	}
}

// Where the root is refused, and nothing can ask a member to end a poll, two silent polls must do.
func TestSilenceDeniesTheLandmarkWhereTheRootIsRefused(t *testing.T) {
	for name, refusal := range map[string]http.HandlerFunc{
		"by etcd": refusing(401, ErrUnauthorized, "", 0), "by a gateway": text(403, "<html>Forbidden</html>"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				polls := 0
				member := net.Serve(t, "a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path == "/v2/keys/":
						refusal(w, r)
					case r.Method == http.MethodHead:
						keys(200, 9, "")(w, r)
					case !isPoll(r):
						refusing(404, ErrKeyNotFound, "/k", 9)(w, r)
					default:
						if polls++; polls == 1 {
							file("set", "/k", "v", 8)(w, r)
							return
						}
						if polls == 2 { // behind its header the connection breaks
							w.Header().Set("X-Etcd-Cluster-Id", "7e27652122e8b2ae")
							w.Header().Set("X-Etcd-Index", "9")
							w.(http.Flusher).Flush()
							hangup(w, r)
						}
						silent(9)(w, r)
					}
				}))
				transport := &http.Transport{DialContext: net.Dial}
				defer transport.CloseIdleConnections()
				client := connectWith(t, Config{Endpoints: []string{member}, HTTPClient: &http.Client{Transport: transport}, PulseInterval: -1})
				var why error
				for _, why = range client.Watch(t.Context(), "/k", WithAfterIndex(7)) {
				}
				checkIs(t, why, ErrClusterRolledBack)
			})
		})
	}
}

// A mirror reads again, and a watch that begins after a response knows what that says.
func TestMirrorNoticesAnotherHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(9)
		e.set("/d/old")
		client := e.connect(t, Config{})
		resp, err := client.Get(t.Context(), "/d/old")
		if err != nil {
			t.Fatal(err)
		}
		w := startWatch(t, client, "/d", WithRecursive(), WithAfterResponse(resp))
		m, err := client.Mirror(t.Context(), "/d")
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		synctest.Wait()
		e.wipe(func() { e.fill(30); e.set("/d/new") })
		<-time.After(time.Minute)
		_, old := m.Get("/d/old")
		_, now := m.Get("/d/new")
		check(t, "what the mirror holds of old and new", []bool{old, now}, []bool{false, true})
		if end := strings.Join(w.take(t, 1), ""); !strings.Contains(end, errs.Bare(ErrClusterRolledBack).Error()) {
			t.Errorf("the watch ended with %q", end)
		}
	})
}

func TestLandmark(t *testing.T) {
	inNextTerm := func(resp *Response) *Response {
		resp.RaftTerm++
		return resp
	}
	written := landmark{key: "/k", created: 3, modified: 7, value: "v"}
	deleted := landmark{key: "/k", modified: 7, gone: true}
	node := func(created, modified uint64, value string) *Response {
		return &Response{Node: &Node{Key: "/k", CreatedIndex: created, ModifiedIndex: modified, Value: value}}
	}
	for _, test := range []struct {
		name        string
		mark        landmark
		resp        *Response
		same, known bool
	}{
		{"as it was", written, node(3, 7, "v"), true, true},
		{"another value", written, node(3, 7, "w"), false, true},
		{"made at another time", written, node(2, 7, "v"), false, true},
		{"written since", written, node(3, 9, "w"), true, true},
		{"written since, and in another term", written, inNextTerm(node(3, 9, "w")), true, false},
		{"made earlier, and written in another term", written, inNextTerm(node(2, 9, "w")), false, true},
		{"made earlier, written since", written, node(2, 9, "w"), false, true},
		{"made again since", written, node(8, 9, "w"), false, false},
		{"not written yet", written, node(3, 5, "u"), false, true},
		{"not there", written, nil, false, false},
		{"a directory", written, &Response{Node: &Node{Key: "/k", Dir: true}}, false, false},
		{"deleted, and not there", deleted, nil, false, false},
		{"deleted, and made again", deleted, node(8, 9, "v"), false, false},
		{"deleted, and still there", deleted, node(3, 9, "v"), false, true},
	} {
		same, known := test.mark.in(test.resp)
		if known != test.known || known && same != test.same {
			t.Errorf("%s: same %v, known %v", test.name, same, known)
		}
	}
}

func TestWithAfterResponseOfNothingIsRefused(t *testing.T) {
	client := connect(t, "http://127.0.0.1:1")
	_, err := client.WatchOnce(t.Context(), "/k", WithAfterResponse(nil))
	checkIs(t, err, ErrInvalidArgument)
}

// A member that a snapshot has overtaken tells its old term until it has applied the next entry.
func TestTermOfAMemberThatWasOvertakenIsNoOtherHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		answer := keys(200, 99, `{"action":"get","node":{"key":"/k","value":"v","modifiedIndex":99,"createdIndex":2}}`)
		w.replies = []http.HandlerFunc{inTerm("1", answer), answer} // of term 2
		s := &source{client: w.client, key: "/k", marks: &landmarks{}, served: new(atomic.Bool)}
		s.marks.latest.Store(&landmark{key: "/k", created: 2, modified: 5, term: 2})
		if err := s.CheckHistory(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A cluster's raft term only grows.
func TestTermThatGoesBackIsAnotherHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		w.replies = []http.HandlerFunc{ // of term 2
			keys(200, 99, `{"action":"get","node":{"key":"/k","value":"v","modifiedIndex":99,"createdIndex":2}}`),
		}
		for term, want := range map[uint64]error{2: nil, 3: ErrClusterRolledBack} {
			s := &source{client: w.client, key: "/k", marks: &landmarks{}, served: new(atomic.Bool)}
			s.marks.latest.Store(&landmark{key: "/k", created: 2, modified: 5, term: term})
			err := s.CheckHistory(t.Context())
			if !errors.Is(err, want) {
				t.Errorf("behind term %d: %v", term, err)
			}
		}
	})
}

// The error of a poll from an index that the history has no more names the first one that it has.
func TestOldestIndexOfTheHistory(t *testing.T) {
	for cause, want := range map[string]uint64{
		"the requested history has been cleared [25112/19110]": 25112,
		"the requested history has been cleared":               0,
		"[/7]":                                                 0,
		"":                                                     0,
	} {
		err := fmt.Errorf("poll: %w", &Error{Code: ErrEventIndexCleared, Cause: cause})
		check(t, cause, (*source)(nil).Oldest(err), want)
	}
	check(t, "another error", (*source)(nil).Oldest(io.EOF), uint64(0))
}
