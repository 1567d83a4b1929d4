package etcd

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatchWithCurrentBeginsWithWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.set("/d/k")
		e.set("/d/l")
		e.set("/other")
		client := e.connect(t, Config{})
		for key, test := range map[string]struct {
			opts  []WatchOption
			nodes int
		}{"/d": {[]WatchOption{WithRecursive()}, 2}, "/d/k": {nil, 0}} {
			n := 0
			for event, err := range client.Watch(t.Context(), key, append(test.opts, WithCurrent())...) {
				if n++; err != nil {
					t.Fatal(err)
				}
				if n == 1 {
					check(t, "first", event.Action, ActionGet)
					check(t, "first node", event.Node.Key, key)
					check(t, "nodes in it", len(event.Node.Nodes), test.nodes)
					check(t, "its index", event.Index, uint64(len(e.log)))
					e.set("/d/k")
					continue
				}
				check(t, "second", eventLine(event), sets("/d/k", len(e.log), len(e.log))[0])
				break
			}
		}
	})
}

func TestWatchWithCurrentOfNothingBeginsWithTheFirstChange(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"missing": refusing(404, ErrKeyNotFound, "/k", 7), "below a file": refusing(400, ErrNotDir, "/k", 7),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watching(t, reply, eventAt("set", "/k", 8, 8))
				check(t, "events", w.events(t, 1, WithCurrent()), []string{"set /k@8"})
				w.checkSent(t, append([]string{"GET /v2/keys/k?sorted=true"}, polls(8)...)...)
			})
		})
	}
}

func TestWatchWithCurrentAsksUntilItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, text(500, ""), hangup, file("get", "/k", "v", 7), eventAt("set", "/k", 8, 8))
		check(t, "events", w.events(t, 2, WithCurrent()), []string{"get /k@7", "set /k@8"})
		read := "GET /v2/keys/k?sorted=true"
		w.checkSent(t, append([]string{read, read, read}, polls(8)...)...)
	})
}

func TestWatchWithCurrentEndsWhereItMayNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, refusing(401, ErrUnauthorized, "", 0))
		checkIs(t, w.end(t, t.Context(), WithCurrent()), ErrUnauthorized)
	})
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		w.replies = []http.HandlerFunc{text(500, "")}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		checkEnded(t, ctx, w.end(t, ctx, WithCurrent()))
	})
}

func TestWatchBeginsEitherWithWhatIsThereOrAfterAnIndex(t *testing.T) {
	client := connect(t, "http://a")
	_, err := client.WatchOnce(t.Context(), "/k", WithCurrent(), WithAfterIndex(3))
	checkIs(t, err, ErrInvalidArgument)
	for _, err := range client.Watch(t.Context(), "/k", WithAfterIndex(0), WithCurrent()) {
		checkIs(t, err, ErrInvalidArgument)
	}
}

// Etcd 0.4 tells no index with a HEAD, and its GET can fail.
func TestWatchWithoutAnIndexToBeginFromAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, text(200, ""), text(500, ""), text(200, ""), file("get", "/k", "v", 7), eventAt("set", "/k", 8, 8))
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
	})
}
