package etcd

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// refusedBlindly is etcd's refusal for missing rights, which has no index.
var refusedBlindly = keys(401, 0, `{"errorCode":110,"message":"Insufficient credentials","cause":"","index":0}`)

// busy makes the history move on for a minute and a half, faster than a watch makes its polls again.
func busy(e *fakeEtcd) {
	for range 45 {
		e.fill(1200)
		<-time.After(2 * time.Second)
	}
}

// A quiet watch beside a busy store asks the member for its index where its polls do not search the history any more.
// Neither a gateway that is particular about HEAD nor missing rights to other keys may end it.
func TestQuietWatchBesideABusyStoreLearnsTheIndex(t *testing.T) {
	for name, head := range map[string]http.HandlerFunc{
		"":                        nil,
		"no index":                text(404, "", "X-Etcd-Cluster-Id", "7e27652122e8b2ae"),
		"a success without index": text(200, "", "X-Etcd-Cluster-Id", "7e27652122e8b2ae"),
		"a success of its own":    text(200, ""),
		"refused":                 text(403, "<html>"),
		"bad gateway":             text(502, ""),
		"no rights":               refusedBlindly,
	} {
		for i, config := range []Config{{}, {PulseInterval: -1}} {
			if testing.Short() && i == len(name)%2 {
				continue
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := fakes(t, 1)
					m := e.members[0]
					if head != nil {
						m.aside = map[string]http.HandlerFunc{indexLine: head}
					}
					w := startWatch(t, e.connect(t, config), "/d", WithRecursive())
					synctest.Wait()
					busy(e)
					e.set("/d/k")
					check(t, "events", w.take(t, 1), []string{"set /d/k@54001"})
					w.end(t)
				})
			})
		}
	}
}

// Without credentials, etcd refuses the question and says nothing about its index.
func TestQuietWatchLearnsTheIndexWithItsCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		m := e.members[0]
		line := "GET /v2/keys/d/" + noKey
		m.aside = map[string]http.HandlerFunc{indexLine: refusedBlindly, line: func(w http.ResponseWriter, r *http.Request) {
			if _, _, ok := r.BasicAuth(); !ok {
				refusedBlindly(w, r)
				return
			}
			m.read(w, r, "/d/"+noKey, nil)
		}}
		w := startWatch(t, e.connect(t, Config{Username: "u", Password: "p"}), "/d", WithRecursive())
		synctest.Wait()
		busy(e)
		e.set("/d/k")
		check(t, "events", w.take(t, 1), []string{"set /d/k@54001"})
		w.end(t)
	})
}

// The rights to a key alone do not cover what is below it.
func TestQuietWatchOfAKeyLearnsTheIndexFromThatKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		m := e.members[0]
		m.aside = map[string]http.HandlerFunc{"GET /v2/keys/k/" + noKey: refusedBlindly}
		e.set("/k")
		w := startWatch(t, e.connect(t, Config{}), "/k")
		synctest.Wait()
		busy(e)
		e.set("/k")
		check(t, "events", w.take(t, 1), []string{"set /k@54002"})
		w.end(t)
	})
}
