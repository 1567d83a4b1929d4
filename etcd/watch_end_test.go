package etcd

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// These tests run in bubbles, where pauses and polls take no time but have their length, and
// where a goroutine that a watch leaves behind fails the test.

// Only the caller can read again what the history no longer holds.
func TestWatchEndsWhenTheHistoryIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, refusing(400, ErrEventIndexCleared, "the requested history has been cleared [104/5]", 1103))
		err := w.end(t, t.Context(), WithAfterIndex(4))
		checkIs(t, err, ErrEventIndexCleared)
		var reply *Error
		if !errors.As(err, &reply) || reply.Index != 1103 {
			t.Errorf("error is %#v", err)
		}
		var end *WatchError
		if !errors.As(err, &end) || end.Key != "/k" || end.After != 4 || !errors.Is(end.Err, reply) {
			t.Errorf("error is %#v", err)
		}
		check(t, "text", err.Error(), "etcd: watch /k ended after index 4: "+strings.TrimPrefix(reply.Error(), "etcd: "))
		w.checkSent(t, polls(5)...)
	})
}

func TestWatchEndsWhenItIsRefused(t *testing.T) {
	const head, get = "HEAD /v2/keys/k", "GET /v2/keys/k"
	for name, test := range map[string]struct {
		reply http.HandlerFunc
		want  error
		start []string // the requests for the index to begin at
	}{
		"not allowed": {refusing(401, ErrUnauthorized, "", 0), ErrUnauthorized, []string{head}},
		"no v2 API":   {text(404, pageMissing), ErrNotSupported, []string{head, get}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, begin := range []struct {
					opts []WatchOption
					want []string
				}{{nil, test.start}, {[]WatchOption{WithAfterIndex(4)}, polls(5)}} {
					w := watching(t)
					w.replies = []http.HandlerFunc{test.reply}
					checkIs(t, w.end(t, t.Context(), begin.opts...), test.want)
					asked := slices.DeleteFunc(w.got(), func(line string) bool { return line == askVersion })
					check(t, "requests", asked, begin.want)
				}
			})
		})
	}
}

func TestWatchOfAKeyTooLongForTheWireEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		_, err := w.client.WatchOnce(t.Context(), longestKey, WithAfterIndex(4))
		checkIs(t, err, ErrInvalidArgument)
		check(t, "requests", w.got(), []string{versionLine})
	})
}

// The loop's body runs between polls: nothing may be left open when it is left.
func TestBreakLeavesNoPollBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, eventAt("set", "/k", 5, 4))
		w.events(t, 1, WithAfterIndex(4))
		synctest.Wait()
		w.checkSent(t, polls(5)...)
	})
}

func TestEndOfContextEndsAWatchAndItsPoll(t *testing.T) {
	cause := errors.New("changed my mind")
	for name, reply := range map[string]http.HandlerFunc{"waiting": silent(4), "not answered": hang, "in a pause": text(500, "")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				served := make(chan struct{}, 100)
				w := watching(t)
				w.replies = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
					reply(w, r)
					served <- struct{}{}
				}}
				ctx, cancel := context.WithCancelCause(t.Context())
				go func() {
					synctest.Wait()
					cancel(cause)
				}()
				checkEnded(t, ctx, w.end(t, ctx, WithAfterIndex(4)))
				<-served // the server has noticed
			})
		})
	}
}

func TestDeadlineEndsAWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, silent(4))
		w.replies = w.replies[:1]
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		checkEnded(t, ctx, w.end(t, ctx, WithAfterIndex(4)))
	})
}

func TestCloseEndsAWatchAndItsPoll(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{"waiting": silent(4), "not answered": hang} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan struct{})
				w := watching(t, func(w http.ResponseWriter, r *http.Request) {
					reply(w, r)
					close(ended)
				})
				go func() {
					synctest.Wait()
					w.client.Close()
				}()
				checkIs(t, w.end(t, t.Context(), WithAfterIndex(4)), ErrClosed)
				<-ended
			})
		})
	}
}

func TestEachRangeStartsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		w.replies = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			index, _ := strconv.Atoi(r.URL.Query().Get("waitIndex"))
			eventAt("set", "/k", index, index)(w, r)
		}}
		seq := w.client.Watch(t.Context(), "/k", WithAfterIndex(4))
		check(t, "requests before a range", w.got(), []string(nil))
		for range 2 {
			want := uint64(5)
			for event, err := range seq {
				if err != nil || event.Index != want {
					t.Fatalf("got %v, %v, want index %d", event, err, want)
				}
				if want++; want == 8 {
					break
				}
			}
		}
	})
}

func TestWatchOnceReturnsTheNextEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, keys(200, 7, ""), silent(9), keys(200, 9,
			`{"action":"delete","node":{"key":"/k","modifiedIndex":12,"createdIndex":3},"prevNode":{"key":"/k","value":"v","modifiedIndex":3,"createdIndex":3}}`))
		event, err := w.client.WatchOnce(t.Context(), "/k")
		if err != nil {
			t.Fatal(err)
		}
		check(t, "event", event, &Response{
			Action: ActionDelete, Index: 12, RaftIndex: 1009, RaftTerm: 2, ClusterID: "7e27652122e8b2ae",
			Node:     &Node{Key: "/k", ModifiedIndex: 12, CreatedIndex: 3},
			PrevNode: &Node{Key: "/k", Value: "v", ModifiedIndex: 3, CreatedIndex: 3},
		})
		w.checkSent(t, append([]string{"HEAD /v2/keys/k"}, polls(8, 8)...)...)
	})
}

// The caller may log the error as it is.
func TestErrorOfAWatchOnceNamesTheWatch(t *testing.T) {
	for name, test := range map[string]struct {
		reply http.HandlerFunc
		opts  []WatchOption
	}{
		"before it has begun": {text(500, ""), nil},
		"while it waits":      {silent(4), []WatchOption{WithAfterIndex(4)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watching(t)
				w.replies = []http.HandlerFunc{test.reply}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := w.client.WatchOnce(ctx, "/k", test.opts...)
				checkIs(t, err, context.DeadlineExceeded)
				check(t, "text", err.Error(), "etcd: watch /k: context deadline exceeded")
			})
		})
	}
}

// A watch that waits before its next poll is up to five seconds from noticing by itself.
func TestCloseEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		w.replies = []http.HandlerFunc{text(500, "")}
		time.AfterFunc(30*time.Second, func() { w.client.Close() })
		start := time.Now()
		_, err := w.client.WatchOnce(t.Context(), "/k", WithAfterIndex(4))
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("ended %v after Close: %v", took-30*time.Second, err)
		}
	})
}
