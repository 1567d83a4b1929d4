package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// These tests run in bubbles, where pauses and polls take no time but have their length, and
// where a goroutine that a watch leaves behind fails the test.

// silent is a poll without an event: its header says index, and it stays open.
func silent(index int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Etcd-Cluster-Id", "7e27652122e8b2ae")
		w.Header().Set("X-Etcd-Index", strconv.Itoa(index))
		w.(http.Flusher).Flush()
		hang(w, r)
	}
}

// cutPoll is a poll whose body breaks in the middle of an event.
func cutPoll(index int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Etcd-Cluster-Id", "7e27652122e8b2ae")
		w.Header().Set("X-Etcd-Index", strconv.Itoa(index))
		fmt.Fprint(w, `{"action":"set","node":{"key":"/k","modi`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// aWatch is a member with a script, a client of it, and what the client's watch of /k brings.
type aWatch struct {
	*server
	net    network
	client *Client
}

func watching(t *testing.T, replies ...http.HandlerFunc) *aWatch {
	w := &aWatch{}
	w.server = w.net.serve(t, "a", append(replies, hang)...)
	// What is asked after an interruption: the events' key is still the same.
	w.aside = map[string]http.HandlerFunc{"GET /v2/keys/k?quorum=true": keys(200, 99, `{"action":"get","node":{"key":"/k","value":"v","modifiedIndex":99,"createdIndex":2}}`)}
	w.client = w.net.connect(t, Config{Endpoints: []string{"http://a"}})
	return w
}

// events returns the next n events of /k as "action key@index".
func (w *aWatch) events(t *testing.T, n int, opts ...WatchOption) []string {
	t.Helper()
	var events []string
	for event, err := range w.client.Watch(t.Context(), "/k", opts...) {
		if err != nil {
			t.Errorf("watch ended: %v", err)
			break
		}
		if event.Index != event.Node.ModifiedIndex {
			t.Errorf("event %d has Index %d", event.Node.ModifiedIndex, event.Index)
		}
		if events = append(events, fmt.Sprintf("%s %s@%d", event.Action, event.Node.Key, event.Index)); len(events) == n {
			break
		}
	}
	return events
}

// end returns the error that the watch of /k ends with, and fails if it brings anything else.
func (w *aWatch) end(t *testing.T, ctx context.Context, opts ...WatchOption) error {
	t.Helper()
	var last error
	pairs := 0
	for event, err := range w.client.Watch(ctx, "/k", opts...) {
		if pairs++; pairs > 1 || event != nil || err == nil {
			t.Fatalf("pair %d: %v, %v", pairs, event, err)
		}
		last = err
	}
	check(t, "pairs", pairs, 1)
	return last
}

// event is a watch's reply: an event at its index, with the header of a poll that began at header.
func eventAt(action, key string, index, header int) http.HandlerFunc {
	return keys(200, header, fmt.Sprintf(`{"action":%q,"node":{"key":%q,"value":"v","modifiedIndex":%d,"createdIndex":2}}`+"\n", action, key, index))
}

// polls returns the requests of a watch of /k with these indexes to wait for.
func polls(indexes ...int) []string {
	var lines []string
	for _, index := range indexes {
		lines = append(lines, fmt.Sprintf("GET /v2/keys/k?wait=true&waitIndex=%d", index))
	}
	return lines
}

func TestWatchBeginsBehindTheHeadsIndex(t *testing.T) {
	for name, head := range map[string]http.HandlerFunc{
		"present": keys(200, 7, ""), "missing": keys(404, 7, ""),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watching(t, head, eventAt("set", "/k", 8, 7))
				check(t, "events", w.events(t, 1), []string{"set /k@8"})
				w.checkSent(t, append([]string{"HEAD /v2/keys/k"}, polls(8)...)...)
			})
		})
	}
}

func TestWatchOfEtcd04BeginsBehindAGetsIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, text(200, ""), file("get", "/k", "v", 7), eventAt("set", "/k", 8, 7))
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
		w.checkSent(t, append([]string{"HEAD /v2/keys/k", "GET /v2/keys/k"}, polls(8)...)...)
	})
}

func TestWatchAsksForTheStartUntilItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, text(500, ""), hangup, text(200, ""), text(500, ""), keys(200, 7, ""), eventAt("set", "/k", 8, 7))
		w.net.Refuse(2)
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
		head := "HEAD /v2/keys/k"
		w.checkSent(t, append([]string{head, head, head, "GET /v2/keys/k", head}, polls(8)...)...)
	})
}

func TestWatchAfterAnIndexAsksForNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, eventAt("set", "/k", 9, 20))
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@9"})
		w.checkSent(t, polls(5)...)
	})
}

// An index of zero is that of nothing: the watch begins from now, as in client/v2.
func TestWatchAfterIndexZeroBeginsFromNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.set("/k")
		w := startWatch(t, e.connect(t, Config{}), "/k", WithAfterIndex(0))
		synctest.Wait()
		index := e.set("/k")
		check(t, "events", w.take(t, 1), sets("/k", index, index))
		w.end(t)
	})
	zero := uint64(0)
	_, err := connect(t, "http://a").WatchOnce(t.Context(), "/k", WithAfterIndex(zero-1))
	checkIs(t, err, ErrInvalidArgument)
}

// fromStart makes a watch begin with the first event that ever was.
func fromStart() WatchOption { return watchFunc(func(w *watch) { w.next = 1 }) }

func TestWatchGoesOnBehindTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, eventAt("set", "/k", 5, 5), eventAt("update", "/k", 9, 9), eventAt("expire", "/k", 60, 60))
		check(t, "events", w.events(t, 3, WithAfterIndex(4)), []string{"set /k@5", "update /k@9", "expire /k@60"})
		w.checkSent(t, polls(5, 6, 10)...)
	})
}

func TestWatchRidesOutFailuresWithTheSameIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replies := []http.HandlerFunc{
			cutPoll(20), text(500, ""), text(503, "<html>"), hangup, hang, text(200, "<html>Log in</html>"), keys(200, 20, " \n"),
			refusing(500, ErrRaftInternal, "", 0), keys(200, 20, `{"action":"set"}`),
		}
		w := watching(t, append(replies, eventAt("set", "/k", 9, 20))...)
		w.net.Refuse(3)
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@9"})
		w.checkSent(t, polls(5, 5, 5, 5, 5, 5, 5, 5, 5, 5)...)
	})
}

// A proxy whose server goes away ends the poll with an empty body.
func TestWatchGoesOnAfterAnEmptyBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, keys(200, 4, ""), keys(200, 4, ""), eventAt("set", "/k", 5, 4))
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@5"})
		w.checkSent(t, polls(5, 5, 5)...)
	})
}

func TestWatchPausesLongerAndLongerUpToASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var began []time.Time
		failing := func(w http.ResponseWriter, r *http.Request) {
			began = append(began, time.Now())
			text(500, "")(w, r)
		}
		w := watching(t)
		for range 15 {
			w.replies = append([]http.HandlerFunc{failing}, w.replies...)
		}
		w.replies[15] = eventAt("set", "/k", 5, 4)
		w.events(t, 1, WithAfterIndex(4))
		whole := 20 * time.Millisecond
		for i := 1; i < len(began); i++ {
			if pause := began[i].Sub(began[i-1]); pause < whole/2 || pause > whole {
				t.Errorf("pause %d is %v, want %v to %v", i, pause, whole/2, whole)
			}
			whole = min(2*whole, time.Second)
		}
	})
}

// After an event or a quiet poll a failure is a new one.
func TestWatchPausesShortlyAgainAfterASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, next := text(500, ""), eventAt("set", "/k", 6, 5)
		w := watching(t, bad, bad, bad, bad, bad, bad, bad, bad, eventAt("set", "/k", 5, 4), bad, next, next) // again behind the check of the history
		var last, gap time.Duration
		start := time.Now()
		n := 0
		for _, err := range w.client.Watch(t.Context(), "/k", WithAfterIndex(4)) {
			if err != nil {
				t.Fatal(err)
			}
			gap, last = time.Since(start)-last, time.Since(start)
			if n++; n == 2 {
				break
			}
		}
		if gap > 20*time.Millisecond {
			t.Errorf("the second event took %v", gap)
		}
	})
}

func TestWatchMovesToAnotherMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		first := net.serve(t, "a", eventAt("set", "/k", 5, 4), hangup, text(503, ""), hang)
		second := net.serve(t, "b", eventAt("set", "/k", 6, 5), eventAt("set", "/k", 7, 6), hang)
		w := &aWatch{client: net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})}
		check(t, "events", w.events(t, 3, WithAfterIndex(4)), []string{"set /k@5", "set /k@6", "set /k@7"})
		second.checkSent(t, polls(6, 7)...)
		if first.got()[0] != polls(5)[0] {
			t.Errorf("polls of the first: %q", first.got())
		}
	})
}

func TestWatchDropsForeignEventsAndGoesOnBehindThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Servers send the watcher of /dir1xyz the deletion of /dir1.
		w := watching(t)
		w.replies = []http.HandlerFunc{
			eventAt("delete", "/dir1", 5, 4), eventAt("set", "/dir1xyzzy", 6, 5), eventAt("set", "/other", 7, 6), eventAt("set", "/dir1xyz", 8, 7),
		}
		event, err := w.client.WatchOnce(t.Context(), "/dir1xyz", WithAfterIndex(4))
		if err != nil || event.Index != 8 {
			t.Errorf("got %v, %v", event, err)
		}
		var want []string
		for _, index := range []int{5, 6, 7, 8} {
			want = append(want, "GET /v2/keys/dir1xyz?wait=true&waitIndex="+strconv.Itoa(index))
		}
		w.checkSent(t, want...)
	})
}

func TestWatchDeliversTheDeletionOfADirectoryAbove(t *testing.T) {
	for _, opts := range [][]WatchOption{nil, {WithRecursive()}} {
		synctest.Test(t, func(t *testing.T) {
			w := watching(t, eventAt("delete", "/a", 5, 4))
			event, err := w.client.WatchOnce(t.Context(), "/a/b/c", append(opts, WithAfterIndex(4))...)
			if err != nil || event.Node.Key != "/a" {
				t.Errorf("got %v, %v", event, err)
			}
		})
	}
}

func TestWatchConcerns(t *testing.T) {
	tests := []struct {
		watched, event      string
		plain, recursiveToo bool
	}{
		{"/k", "/k", true, true},
		{"/k", "/k/a", false, true},
		{"/k", "/k/a/b", false, true},
		{"/k", "/kk", false, false},
		{"/k", "/", true, true},
		{"/k/a", "/k", true, true},
		{"/kk", "/k", false, false},
		{"/k", "/l", false, false},
		{"/k", "/l/k", false, false},
		{"/", "/a", false, true},
		{"/", "/a/b", false, true},
		{"/", "/", true, true},
		{"/k", "/k/_h", false, false},
		{"/k", "/k/a/_h/b", false, false},
		{"/k/_h", "/k/_h/a", false, true},
		{"/k/_h", "/k/_h/_a", false, false},
		{"/k/_h", "/k/_h", true, true},
		{"/", "/_h", false, false},
	}
	for _, test := range tests {
		plain, recursive := &watch{key: test.watched}, &watch{key: test.watched, recursive: true}
		check(t, test.watched+" "+test.event, plain.concerns(test.event), test.plain)
		check(t, test.watched+" "+test.event+" recursively", recursive.concerns(test.event), test.recursiveToo)
	}
}

func TestRecursiveWatchOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, keys(200, 4, ""), eventAt("set", "/k/a/b", 5, 4), eventAt("delete", "/k", 6, 5))
		check(t, "events", w.events(t, 2, WithRecursive()), []string{"set /k/a/b@5", "delete /k@6"})
		w.checkSent(t, "HEAD /v2/keys/k", "GET /v2/keys/k?recursive=true&wait=true&waitIndex=5", "GET /v2/keys/k?recursive=true&wait=true&waitIndex=6")
	})
}

func TestWatchOfTheRootAndOfEscapedKeysOnTheWire(t *testing.T) {
	for key, want := range map[string]string{
		"/": "GET /v2/keys/?wait=true&waitIndex=5", "a b/?": "GET /v2/keys/a%20b/%3F?wait=true&waitIndex=5",
	} {
		synctest.Test(t, func(t *testing.T) {
			w := watching(t, eventAt("set", "/", 5, 4))
			if _, err := w.client.WatchOnce(t.Context(), key, WithAfterIndex(4)); err != nil {
				t.Error(err)
			}
			w.checkSent(t, want)
		})
	}
}

func TestManyWatchesAtOnceKeepApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) {
			index, _ := strconv.Atoi(r.URL.Query().Get("waitIndex"))
			eventAt("set", r.URL.Path[len("/v2/keys"):], index, index)(w, r)
		})
		client := net.connect(t, Config{Endpoints: []string{"http://a"}})
		done := make(chan string)
		for i := range 10 {
			go func() {
				key := "/k" + strconv.Itoa(i)
				want := uint64(100 * i)
				for event, err := range client.Watch(t.Context(), key, WithAfterIndex(want)) {
					want++
					if err != nil || event.Node.Key != key || event.Index != want {
						t.Errorf("%s: got %v, %v, want index %d", key, event, err, want)
						break
					}
					if want == uint64(100*i+20) {
						break
					}
				}
				done <- key
			}()
		}
		for range 10 {
			<-done
		}
	})
}

// A poll that is answered from the history may be cut between its header and its event.
func TestWatchLosesNothingWhenAPollEndsRightBehindItsHeader(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Etcd-Cluster-Id", "7e27652122e8b2ae")
			w.Header().Set("X-Etcd-Index", "20")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"empty body of a 2.x proxy": keys(200, 20, ""),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watching(t, reply, eventAt("set", "/k", 5, 20))
				w.events(t, 1, WithAfterIndex(4))
				w.checkSent(t, polls(5, 5)...)
			})
		})
	}
}

// A key below a file may come to be one day, and etcd lets it be watched.
func TestWatchFromNowOnBelowAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, keys(400, 7, ""), eventAt("set", "/k", 8, 7))
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
	})
}

// It would come twice and out of order.
func TestEventFromBeforeTheAskedOneIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := eventAt("set", "/k", 10, 10) // again behind the check of the history
		w := watching(t, eventAt("set", "/k", 9, 9), eventAt("set", "/k", 3, 9), next, next)
		check(t, "events", w.events(t, 2, WithAfterIndex(4)), []string{"set /k@9", "set /k@10"})
	})
}

// One such answer may come from a cache. A server that gives no other is not etcd.
func TestWatchEndsWhereEventsBeforeTheAskedOnesComeAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		w.replies = []http.HandlerFunc{eventAt("set", "/k", 4, 9)}
		err := w.end(t, t.Context(), WithAfterIndex(4))
		checkIs(t, err, ErrNotSupported)
		if !strings.Contains(err.Error(), "from index 5 on and got the one at 4") {
			t.Errorf("error is %v", err)
		}
	})
}

// Only at the first request does the page of a server without v2 end a watch: later, it is a gateway's.
func TestWatchOutlivesThePageOfAServerWithoutV2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page, next := text(404, pageMissing), eventAt("set", "/k", 6, 5)
		w := watching(t, eventAt("set", "/k", 5, 4), page, page, page, page, next, next) // again behind the check of the history
		check(t, "events", w.events(t, 2, WithAfterIndex(4)), []string{"set /k@5", "set /k@6"})
	})
}
