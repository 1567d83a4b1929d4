package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// These tests run in bubbles, where pauses and polls take no time but have their length, and
// where a goroutine that a watch leaves behind fails the test.

// silent is a poll without an event: its header says index, and it stays open.
func silent(index int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Etcd-Index", strconv.Itoa(index))
		w.(http.Flusher).Flush()
		hang(w, r)
	}
}

// cutPoll is a poll whose body breaks in the middle of an event.
func cutPoll(index int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
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
				check(t, "requests", w.got(), append([]string{"HEAD /v2/keys/k"}, polls(8)...))
			})
		})
	}
}

func TestWatchOfEtcd04BeginsBehindAGetsIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, text(200, ""), file("get", "/k", "v", 7), eventAt("set", "/k", 8, 7))
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
		check(t, "requests", w.got(), append([]string{"HEAD /v2/keys/k", "GET /v2/keys/k"}, polls(8)...))
	})
}

func TestWatchAsksForTheStartUntilItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, text(500, ""), hangup, text(200, ""), text(500, ""), keys(200, 7, ""), eventAt("set", "/k", 8, 7))
		w.net.refuse = 2
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
		head := "HEAD /v2/keys/k"
		check(t, "requests", w.got(), append([]string{head, head, head, "GET /v2/keys/k", head}, polls(8)...))
	})
}

func TestWatchAfterAnIndexAsksForNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, eventAt("set", "/k", 9, 20))
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@9"})
		check(t, "requests", w.got(), polls(5))
	})
	synctest.Test(t, func(t *testing.T) { // the beginning of history is a point like another
		w := watching(t, eventAt("set", "/k", 1, 20))
		check(t, "events", w.events(t, 1, WithAfterIndex(0)), []string{"set /k@1"})
		check(t, "requests", w.got(), polls(1))
	})
}

// The header of a poll that brings an event says where the store was: what lies between is still to come.
func TestWatchGoesOnBehindTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, eventAt("set", "/k", 5, 50), eventAt("update", "/k", 9, 50), eventAt("expire", "/k", 60, 50))
		check(t, "events", w.events(t, 3, WithAfterIndex(4)), []string{"set /k@5", "update /k@9", "expire /k@60"})
		check(t, "requests", w.got(), polls(5, 6, 10))
	})
}

func TestWatchGoesOnBehindThePollThatSawNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, silent(20), silent(31), silent(3), eventAt("set", "/k", 40, 31))
		start := time.Now()
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@40"})
		// A lagging member's index must not take the watch back.
		check(t, "requests", w.got(), polls(5, 21, 32, 32))
		if took := time.Since(start); took < 3*45*time.Second || took > 3*50*time.Second {
			t.Errorf("three polls took %v", took)
		}
	})
}

// Up to a tenth less, so that watches that began together do not all come back together.
func TestWatchPollsAboutAsLongAsItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var began []time.Time
		poll := func(w http.ResponseWriter, r *http.Request) {
			began = append(began, time.Now())
			silent(4)(w, r)
		}
		w := watching(t, poll, poll, poll, poll, poll, poll, eventAt("set", "/k", 5, 4))
		w.client = w.net.connect(t, Config{Endpoints: []string{"http://a"}, PollTimeout: time.Hour, AttemptTimeout: time.Second})
		w.events(t, 1, WithAfterIndex(4))
		lengths := map[time.Duration]bool{}
		for i := 1; i < len(began); i++ {
			length := began[i].Sub(began[i-1])
			if lengths[length] = true; length < 54*time.Minute || length > time.Hour {
				t.Errorf("poll %d took %v", i, length)
			}
		}
		if len(lengths) < 2 {
			t.Errorf("all polls took the same: %v", lengths)
		}
	})
}

func TestWatchRidesOutFailuresWithTheSameIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replies := []http.HandlerFunc{
			cutPoll(20), text(500, ""), text(503, "<html>"), hangup, hang, text(200, "<html>Log in</html>"), keys(200, 20, " \n"),
			refusal(500, ErrRaftInternal, "", 0), keys(200, 20, `{"action":"set"}`),
		}
		w := watching(t, append(replies, eventAt("set", "/k", 9, 20))...)
		w.net.refuse = 3
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@9"})
		check(t, "requests", w.got(), polls(5, 5, 5, 5, 5, 5, 5, 5, 5, 5))
	})
}

// A proxy whose server goes away ends the poll with an empty body.
func TestWatchGoesOnAfterAnEmptyBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, keys(200, 4, ""), keys(200, 4, ""), eventAt("set", "/k", 5, 4))
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@5"})
		check(t, "requests", w.got(), polls(5, 5, 5))
	})
}

func TestWatchPausesLongerAndLongerUpToFiveSeconds(t *testing.T) {
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
			whole = min(2*whole, 5*time.Second)
		}
	})
}

// After an event or a quiet poll a failure is a new one.
func TestWatchPausesShortlyAgainAfterASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := text(500, "")
		w := watching(t, bad, bad, bad, bad, bad, bad, bad, bad, eventAt("set", "/k", 5, 4), bad, eventAt("set", "/k", 6, 5))
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
		check(t, "polls of the second", second.got(), polls(6, 7))
		if first.got()[0] != polls(5)[0] {
			t.Errorf("polls of the first: %q", first.got())
		}
	})
}

// A member that took the poll and stopped, without closing anything, costs no more than the poll's
// time and an attempt's.
func TestWatchLeavesAMemberThatHasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", silent(4), hang)
		second := net.serve(t, "b", eventAt("set", "/k", 5, 4))
		w := &aWatch{client: net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})}
		start := time.Now()
		check(t, "events", w.events(t, 1, WithAfterIndex(4)), []string{"set /k@5"})
		check(t, "polls of the second", second.got(), polls(5))
		if took := time.Since(start); took > time.Minute {
			t.Errorf("it took %v", took)
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
		check(t, "requests", w.got(), want)
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
		check(t, "requests", w.got(), []string{
			"HEAD /v2/keys/k", "GET /v2/keys/k?recursive=true&wait=true&waitIndex=5", "GET /v2/keys/k?recursive=true&wait=true&waitIndex=6",
		})
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
			check(t, "requests", w.got(), []string{want})
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
			w.Header().Set("X-Etcd-Index", "20")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"empty body of a 2.x proxy": keys(200, 20, ""),
		"time over": func(w http.ResponseWriter, r *http.Request) {
			select { // a poll of 10 s lasts 9 to 10 s
			case <-time.After(8990 * time.Millisecond):
				silent(20)(w, r)
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watching(t, reply, eventAt("set", "/k", 5, 20))
				if name == "time over" {
					w.client = w.net.connect(t, Config{Endpoints: []string{"http://a"}, PollTimeout: 10 * time.Second})
				}
				w.events(t, 1, WithAfterIndex(4))
				check(t, "requests", w.got(), polls(5, 5))
			})
		})
	}
}

// However its time limits are set, a watch does not ask a frozen member for ever.
func TestWatchLeavesAFrozenMember(t *testing.T) {
	for name, config := range map[string]Config{"short poll": {PollTimeout: 5 * time.Second}, "no attempt timeout": {AttemptTimeout: -1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				first := net.serve(t, "a", hang)
				second := net.serve(t, "b", eventAt("set", "/k", 5, 4))
				config.Endpoints = []string{"http://a", "http://b"}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if _, err := net.connect(t, config).WatchOnce(ctx, "/k", WithAfterIndex(4)); err != nil {
					t.Errorf("%v after %d polls of the frozen member, %d of the other", err, len(first.got()), len(second.got()))
				}
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
		w := watching(t, eventAt("set", "/k", 9, 9), eventAt("set", "/k", 3, 9), eventAt("set", "/k", 10, 9))
		check(t, "events", w.events(t, 2, WithAfterIndex(4)), []string{"set /k@9", "set /k@10"})
	})
}
