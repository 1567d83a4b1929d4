package etcd

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

var refused = refusing(401, ErrUnauthorized, "", 0)

// refusedForLong are more refusals than something that runs waits for.
var refusedForLong = slices.Repeat([]http.HandlerFunc{refused}, 100)

// checkAMinute checks that the refusals that began after start were retried for a minute.
func checkAMinute(t *testing.T, start time.Time) {
	t.Helper()
	if took := time.Since(start); took < time.Minute || took > time.Minute+10*time.Second {
		t.Errorf("it ended after %v", took)
	}
}

// onlyFor refuses requests that do not carry password.
func onlyFor(password string, reply http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, shown, _ := r.BasicAuth(); shown != password {
			refused(w, r)
			return
		}
		reply(w, r)
	}
}

// A password is changed on the server first: then requests of what runs are refused.
func TestRunningWatchRetriesRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := eventAt("set", "/k", 7, 6) // again behind the check of the history, if there is one
		w := watching(t, eventAt("set", "/k", 5, 4), refused, refused, next, next)
		start := time.Now()
		check(t, "events", w.events(t, 2, WithAfterIndex(4)), []string{"set /k@5", "set /k@7"})
		if took := time.Since(start); took > time.Second {
			t.Errorf("the second event took %v", took)
		}
	})
}

func TestSetCredentialsEndsThePauseOfAWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		w.replies = []http.HandlerFunc{onlyFor("old", eventAt("set", "/k", 5, 4)), onlyFor("new", eventAt("set", "/k", 6, 5))}
		w.client = w.net.connect(t, Config{Endpoints: []string{"http://a"}, Username: "root", Password: "old"})
		start, changed := time.Now(), 30*time.Second
		time.AfterFunc(changed, func() { check(t, "error", w.client.SetCredentials("root", "new"), error(nil)) })
		check(t, "events", w.events(t, 2, WithAfterIndex(4)), []string{"set /k@5", "set /k@6"})
		if took := time.Since(start); took < changed || took > changed+time.Second { // with a check of the history
			t.Errorf("the second event came after %v", took)
		}
		if n := len(w.got()); n > 30 { // 13 to 23, by the chance in the pauses
			t.Errorf("%d requests in 30 s", n)
		}
	})
}

// Rights that were taken away do not come back.
func TestRunningWatchEndsWhenItIsRefusedForAMinute(t *testing.T) {
	for name, replies := range map[string][]http.HandlerFunc{
		"its polls":              append([]http.HandlerFunc{eventAt("set", "/k", 5, 4)}, refusedForLong...),
		"the look at the change": {eventAt("set", "/k", 5, 4), text(500, ""), silent(5)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watching(t, replies...)
				w.aside = map[string]http.HandlerFunc{"GET /v2/keys/k?quorum=true": refused}
				start := time.Now()
				var got []string
				for event, err := range w.client.Watch(t.Context(), "/k", WithAfterIndex(4)) {
					if err != nil {
						checkIs(t, err, ErrUnauthorized)
						break
					}
					got = append(got, fmt.Sprint(event.Index))
				}
				check(t, "events", got, []string{"5"})
				checkAMinute(t, start)
			})
		})
	}
}

// The minute begins again after each success.
func TestRunningWatchRetriesRefusalsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t)
		start := time.Now()
		w.replies = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			index, _ := strconv.Atoi(r.URL.Query().Get("waitIndex"))
			if time.Since(start) < time.Duration(index-5)*40*time.Second {
				refused(w, r)
				return
			}
			eventAt("set", "/k", index, index-1)(w, r)
		}}
		check(t, "events", w.events(t, 4, WithAfterIndex(4)), []string{"set /k@5", "set /k@6", "set /k@7", "set /k@8"})
	})
}

func TestCloseEndsThePauseOfARefusedMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, append([]http.HandlerFunc{holding("1", 7), cleared}, refusedForLong...)...)
		<-time.After(30 * time.Second)
		start := time.Now()
		m.client.Close()
		<-m.done
		checkIs(t, m.Err(), ErrClosed)
		check(t, "after", time.Since(start), time.Duration(0))
	})
}
