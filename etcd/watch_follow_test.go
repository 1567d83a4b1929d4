package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// These tests let watches follow a fakeEtcd in bubbles.

// following is a watch of /d with all below it, whose events are kept as they come.
type following struct {
	events chan string // "action key@index", and at the end the error
	cancel context.CancelFunc
}

// startWatch starts a watch that ends with the test.
func startWatch(t *testing.T, client *Client, key string, opts ...WatchOption) *following {
	ctx, cancel := context.WithCancel(t.Context())
	f := &following{make(chan string, 1<<16), cancel}
	go func() {
		defer close(f.events)
		for event, err := range client.Watch(ctx, key, opts...) {
			if err != nil {
				f.events <- err.Error()
				return
			}
			f.events <- eventLine(event)
		}
	}()
	return f
}

// take returns the next n events.
func (f *following) take(t *testing.T, n int) []string {
	t.Helper()
	var lines []string
	late := time.After(time.Hour)
	for range n {
		select {
		case line, ok := <-f.events:
			if !ok {
				return lines
			}
			lines = append(lines, line)
		case <-late:
			t.Errorf("%d of %d events within an hour", len(lines), n)
			return lines
		}
	}
	return lines
}

// end ends the watch, and fails if there was an event that nobody has taken.
func (f *following) end(t *testing.T) {
	t.Helper()
	f.cancel()
	var left []string
	for line := range f.events {
		if line != context.Canceled.Error() {
			left = append(left, line)
		}
	}
	if len(left) > 0 {
		t.Errorf("%d too many, the first is %s", len(left), left[0])
	}
}

// checkEvents compares many lines, and shows where they begin to differ.
func checkEvents(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("events from number %d on:\n got %q\nwant %q", i, got[min(i, len(got)):min(i+5, len(got))], want[min(i, len(want)):min(i+5, len(want))])
		}
	}
}

// sets returns the lines of events that set keys at the indexes from first to last.
func sets(key string, first, last int) []string {
	var lines []string
	for index := first; index <= last; index++ {
		lines = append(lines, fmt.Sprintf("set %s@%d", key, index))
	}
	return lines
}

// floods are ways of writing n events of which each is of concern.
var floods = map[string]func(e *fakeEtcd, n int){
	"steadily": func(e *fakeEtcd, n int) {
		for range n {
			e.set("/d/k")
			<-time.After(100 * time.Microsecond)
		}
	},
	"in bursts": func(e *fakeEtcd, n int) { // of more than a stream's buffer
		for i := range n {
			e.set("/d/k")
			if i%200 == 199 {
				<-time.After(20 * time.Millisecond)
			}
		}
	},
	"in larger bursts": func(e *fakeEtcd, n int) { // of half of what is kept
		for i := range n {
			e.set("/d/k")
			if i%450 == 449 {
				<-time.After(200 * time.Millisecond)
			}
		}
	},
}

func TestWatchLosesNothingInAFlood(t *testing.T) {
	t.Parallel() // it computes for long
	for name, flood := range floods {
		for _, version := range []string{"3.5.35", "2.3.8"} {
			if testing.Short() && (version == "2.3.8") == (name == "in bursts") {
				continue
			}
			t.Run(name+", "+version, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const n = 1300
					e := fakes(t, 1)
					e.version = version
					e.members[0].delay = time.Millisecond
					w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
					synctest.Wait()
					flood(e, n)
					checkEvents(t, w.take(t, n), sets("/d/k", 1, n))
					w.end(t)
				})
			})
		}
	}
}

// Most of what a server does is of no concern to a watch, and uses up its history all the same.
func TestWatchLosesNothingAmongManyOtherKeys(t *testing.T) {
	for _, every := range []int{3, 10, 70} {
		t.Run(strconv.Itoa(every), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				e.members[0].delay = time.Millisecond
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
				var want []string
				for i := range 1500 {
					if key := "/other"; i%every != 0 {
						e.set(key)
					} else {
						want = append(want, sets("/d/k", i+1, e.set("/d/k"))...)
					}
					if i%50 == 49 {
						<-time.After(5 * time.Millisecond)
					}
				}
				checkEvents(t, w.take(t, len(want)), want)
				w.end(t)
			})
		})
	}
}

func TestWatchCatchesUpWithTheWholeHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.members[0].delay = time.Millisecond
		for range 1500 {
			e.set("/d/k")
		}
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), WithAfterIndex(500))
		checkEvents(t, w.take(t, 1000), sets("/d/k", 501, 1500))
		w.end(t)
	})
}

// A file's deletion comes twice in a stream of the file alone.
func TestWatchOfAFileThatIsMadeAndDeletedAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.members[0].delay = time.Millisecond
		w := startWatch(t, e.connect(t, Config{}), "/k", fromStart())
		var want []string
		for i := range 1000 {
			action := []string{"set", "delete"}[i%2]
			want = append(want, fmt.Sprintf("%s /k@%d", action, e.happen(action, "/k", false)))
			<-time.After(100 * time.Microsecond)
		}
		checkEvents(t, w.take(t, len(want)), want)
		w.end(t)
		if e.members[0].streams == 0 {
			t.Error("there was no stream")
		}
	})
}

// Out of their history servers also send what they leave out of what happens now.
func TestWatchBringsTheSameOutOfTheHistoryAsLive(t *testing.T) {
	happen := func(e *fakeEtcd) {
		for _, event := range []struct {
			action, key string
			dir         bool
		}{
			{"set", "/d/k", false},
			{"set", "/d/_h/k", false},
			{"set", "/d/_h", false},
			{"refresh", "/d/k", false},
			{"delete", "/d", true}, // it begins like /dx
			{"set", "/dx/k", false},
			{"set", "/dx", false},
			{"delete", "/dx/k", false},
			{"delete", "/", true},
		} {
			e.happen(event.action, event.key, event.dir)
		}
	}
	for _, test := range []struct {
		key  string
		opts []WatchOption
		want []string
	}{
		{"/d", []WatchOption{WithRecursive()}, []string{"set /d/k@1", "delete /d@5", "delete /@9"}},
		{"/d/_h", []WatchOption{WithRecursive()}, []string{"set /d/_h/k@2", "set /d/_h@3", "delete /d@5", "delete /@9"}},
		{"/dx", []WatchOption{WithRecursive()}, []string{"set /dx/k@6", "set /dx@7", "delete /dx/k@8", "delete /@9"}},
		{"/dx", nil, []string{"set /dx@7", "delete /@9"}},
		{"/", []WatchOption{WithRecursive()}, []string{"set /d/k@1", "delete /d@5", "set /dx/k@6", "set /dx@7", "delete /dx/k@8", "delete /@9"}},
	} {
		for _, version := range []string{"2.3.8", "3.5.35"} {
			t.Run(fmt.Sprintf("%s, %d options, %s", test.key, len(test.opts), version), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := fakes(t, 1)
					e.version = version
					client := e.connect(t, Config{})
					live := startWatch(t, client, test.key, append(test.opts, fromStart())...)
					synctest.Wait()
					happen(e)
					past := startWatch(t, client, test.key, append(test.opts, fromStart())...)
					check(t, "live", live.take(t, len(test.want)), test.want)
					check(t, "out of the history", past.take(t, len(test.want)), test.want)
					<-time.After(time.Minute)
					live.end(t)
					past.end(t)
				})
			})
		}
	}
}

func TestWatchThatIsOvertakenEndsBehindWhatItBrought(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		client := e.connect(t, Config{})
		w := startWatch(t, client, "/d", WithRecursive(), fromStart())
		e.set("/d/k")
		e.set("/d/k")
		check(t, "events", w.take(t, 2), sets("/d/k", 1, 2))
		m := e.members[0]
		m.change(func() { m.fault = func(*http.Request) fault { return fail500 } })
		m.hangUp()
		<-time.After(10 * time.Second)
		e.set("/d/k")
		e.fill(1200)
		m.change(func() { m.fault = nil })
		end := w.take(t, 1)[0]
		if !strings.HasPrefix(end, "etcd: watch /d ended after index 2: GET /v2/keys/d: Message 401") {
			t.Errorf("it ended with %s", end)
		}
		_, err := client.WatchOnce(t.Context(), "/d", WithRecursive(), WithAfterIndex(2))
		var watch *WatchError
		if !errors.As(err, &watch) || watch.After != 2 {
			t.Errorf("a watch from there ends with %v", err)
		}
		checkIs(t, err, ErrEventIndexCleared)
	})
}

func TestWatchEndsWhenTheClusterIsRolledBack(t *testing.T) {
	for name, read := range map[string]string{"missing": "/d", "there": "/d/k"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				e.set(read)
				e.fill(50)
				if name == "missing" {
					read = "/nothing"
				}
				client := e.connect(t, Config{})
				w := &aWatch{client: client}
				done := make(chan error)
				go func() {
					_, err := w.client.WatchOnce(t.Context(), read, WithAfterIndex(51))
					done <- err
				}()
				synctest.Wait()
				e.restore(10)
				err := <-done
				checkIs(t, err, ErrClusterRolledBack)
				var watch *WatchError
				if !errors.As(err, &watch) || watch.After != 51 {
					t.Errorf("it ended with %v", err)
				}
			})
		})
	}
}

// One that has fallen behind the others is not.
func TestWatchWaitsForAMemberThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 2)
		e.fill(10)
		e.members[1].change(func() { e.members[1].stopped = true })
		e.fill(50)
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive())
		synctest.Wait()
		e.members[0].change(func() { e.members[0].fault = func(*http.Request) fault { return fail500 } })
		e.members[0].hangUp()
		<-time.After(5 * time.Second)
		e.set("/d/k")
		e.members[1].thaw(false)
		check(t, "events", w.take(t, 1), []string{"set /d/k@61"})
		w.end(t)
	})
}

func TestWatchEndsWhenAnotherClusterComesToAnswer(t *testing.T) {
	for _, config := range []Config{{}, {ClusterID: AnyCluster}} {
		synctest.Test(t, func(t *testing.T) {
			e := fakes(t, 1)
			e.set("/k")
			client := e.connect(t, config)
			done := make(chan error)
			go func() {
				_, err := client.WatchOnce(t.Context(), "/k")
				done <- err
			}()
			synctest.Wait()
			e.members[0].change(func() { e.id = "1234" })
			e.members[0].hangUp()
			err := <-done
			checkIs(t, err, ErrWrongCluster)
			var watch *WatchError
			if !errors.As(err, &watch) || watch.After != 1 {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}
