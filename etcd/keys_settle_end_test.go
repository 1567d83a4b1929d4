package etcd

import (
	"context"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// doubtful are scripts that settle nothing for as long as they are followed. What is not sent again cannot
// stay without an answer again.
var doubtful = map[string]script{
	"no answer":       {write: replies{noWord}, read: replies{noWord}},
	"silence":         {write: replies{noWord}, read: replies{hang}},
	"again no answer": {write: replies{noWord}, read: replies{nothing}},
}

// begun returns s with what name's call asks before it writes.
func begun(name string, s script) script {
	if s.head = before; name == "CompareAndSwap by value" {
		s.read = append(replies{file("get", "/k", "old", 7)}, s.read...)
	}
	return s
}

func TestEndOfTheContextEndsSettlingInDoubt(t *testing.T) {
	for name, call := range unique {
		for how, s := range doubtful {
			if name == "CreateInOrder" && how == "again no answer" {
				continue
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := begun(name, s)
					client, _ := s.client(t)
					began := time.Now()
					err := within(t, time.Minute, func(ctx context.Context) error {
						_, err := call(ctx, client)
						return err
					})
					checkIs(t, err, ErrOutcomeUnknown)
					check(t, "time", time.Since(began), time.Minute)
				})
			})
		}
	}
}

func TestCloseEndsSettlingInDoubt(t *testing.T) {
	for name, call := range unique {
		for how, s := range doubtful {
			if name == "CreateInOrder" && how == "again no answer" {
				continue
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := begun(name, s)
					client, _ := s.client(t)
					time.AfterFunc(time.Minute, func() { client.Close() })
					began := time.Now()
					_, err := call(t.Context(), client)
					checkIs(t, err, ErrOutcomeUnknown)
					check(t, "time", time.Since(began), time.Minute)
				})
			})
		}
	}
}

// A write that never left is no doubt: it is not looked for, and fails as any other.
func TestWriteThatWasNotSentIsNotSettled(t *testing.T) {
	for name, call := range unique {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Connection", "close")
					granting(7)(w, r)
				})
				client := net.connect(t, Config{Endpoints: []string{"http://a"}})
				_, err := client.Exists(t.Context(), "/k") // which lets it see an index
				check(t, "error before", err, nil)
				net.Refuse(100)
				_, err = call(t.Context(), client)
				checkIs(t, err, syscall.ECONNREFUSED)
				checkNot(t, err, ErrOutcomeUnknown)
			})
		})
	}
}

// Rights that were taken away in between do not come back by asking again.
func TestSettlingEndsWhereItMayNotLook(t *testing.T) {
	denied := refusing(401, ErrUnauthorized, "", 0)
	s := serve(t, text(200, "", "X-Etcd-Index", "3"), hangup, denied)
	_, err := connect(t, s.url).Create(t.Context(), "/k", "mine", WithUniqueValue())
	checkIs(t, err, ErrOutcomeUnknown)
	check(t, "requests", s.got(), []string{
		"HEAD /v2/keys/k", "PUT /v2/keys/k?prevExist=false value=mine", "GET /v2/keys/k?quorum=true",
	})
}

// A user that may only write can still write, and settle nothing.
func TestUserThatMayNotReadCanWriteAUniqueValue(t *testing.T) {
	s := serve(t, refusing(401, ErrUnauthorized, "", 0), file("create", "/k", "mine", 8))
	_, err := connect(t, s.url).Create(t.Context(), "/k", "mine", WithUniqueValue())
	check(t, "error", err, error(nil))
	check(t, "requests", s.got(), []string{"HEAD /v2/keys/k", "PUT /v2/keys/k?prevExist=false value=mine"})
}

// A search of the history may need more time than the first one has, for example while a member hangs.
func TestSearchGoesOnWhileTheContextLasts(t *testing.T) {
	for name, call := range unique {
		for _, answers := range []time.Duration{2 * historyTime, 5 * mostHistoryTime} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					poll := func(w http.ResponseWriter, r *http.Request) {
						if time.Since(began) < answers {
							hang(w, r)
							return
						}
						file("create", "/k", token, 8)(w, r)
					}
					s := begun(name, script{write: replies{noWord}, read: replies{theirs}, poll: replies{poll}})
					client, _ := s.client(t)
					resp, err := call(t.Context(), client)
					if err != nil || resp.Node.ModifiedIndex != 8 {
						t.Errorf("after %v: %+v, %v", time.Since(began), resp, err)
					}
				})
			})
		}
	}
}
