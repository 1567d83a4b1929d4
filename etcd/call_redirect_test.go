package etcd

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// redirecting answers like a follower of etcd 0.x that names the leader, and tells machines.
func redirecting(leader, machines string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/machines" {
			text(200, machines)(w, r)
			return
		}
		text(307, "", "Location", leader+r.URL.Path)(w, r)
	}
}

// A follower of etcd 0.x names the leader, and the same request goes there if it is a known member.
func TestLeaderNamedByAFollowerGetsTheRequest(t *testing.T) {
	leader := serve(t, nameless(granting(3))).asEtcd0()
	follower := serve(t, redirecting(leader.url, "")).asEtcd0()
	client := connect(t, follower.url, leader.url)
	if _, err := client.Set(t.Context(), "/k", "v"); err != nil {
		t.Error(err)
	}
	put := []string{"PUT /v2/keys/k value=v"}
	check(t, "requests", [][]string{follower.got(), leader.got()}, [][]string{put, put})
}

// A leader that is not known yet is looked for in the list of the members, once.
func TestUnknownLeaderIsLookedForAmongTheMachines(t *testing.T) {
	for name, line := range map[string]string{"Set": "PUT /v2/keys/k value=v", "Modify": "GET /v2/keys/k?quorum=true"} {
		t.Run(name, func(t *testing.T) {
			leader := serve(t, nameless(granting(3))).asEtcd0()
			follower := serve(t).asEtcd0()
			follower.replies = []http.HandlerFunc{redirecting(leader.url, leader.url+", "+follower.url)}
			client := connect(t, follower.url)
			for range 2 {
				check(t, "error", every[name](t.Context(), client), error(nil))
			}
			check(t, "requests to the follower", follower.got(), []string{line, "GET /v2/machines"})
			check(t, "endpoints", client.Endpoints(), []string{follower.url, leader.url})
		})
	}
}

// Neither credentials nor a write go to a host that only a redirect has named, and a write is in doubt then:
// etcd would have named one of its members.
func TestWriteRedirectedToAStrangerIsInDoubt(t *testing.T) {
	for name, config := range map[string]Config{"followed": {}, "refused": {RefuseRedirects: true}} {
		stranger := serve(t, nameless(granting(3)))
		s := serve(t, redirecting(stranger.url, closedPort)).asEtcd0()
		second := serve(t, nameless(granting(3))).asEtcd0()
		config.Endpoints = []string{s.url, second.url}
		_, err := connectWith(t, config).Set(t.Context(), "/k", "v")
		checkIs(t, err, ErrOutcomeUnknown)
		check(t, name+": requests to strangers", len(stranger.got())+len(second.got()), 0)
		if asked := s.got(); asked[0] != "PUT /v2/keys/k value=v" || len(asked) > 2 {
			t.Errorf("%s: requests %q", name, asked)
		}
	}
}

// Nor do they go to a server that the follower also lists as a member, if it does not answer as one. The
// follower itself has answered as etcd does, so the call goes to the next member.
func TestNamedLeaderHasToAnswerAsAMember(t *testing.T) {
	for who, reply := range strangers {
		for _, name := range []string{"Set", "Modify"} {
			t.Run(who+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var net network
					net.serve(t, "a", redirecting("http://b", "http://a, http://b")).asEtcd0()
					stranger := net.serve(t, "b", reply)
					stranger.scripted = true
					net.serve(t, "c", nameless(granting(3))).asEtcd0()
					endpoints := []string{"http://a", "http://c"}
					client := net.connect(t, Config{Endpoints: endpoints})
					check(t, "error", every[name](t.Context(), client), error(nil))
					check(t, "endpoints", client.Endpoints(), endpoints)
					for _, line := range stranger.got() {
						if strings.Contains(line, "/v2/keys/k") {
							t.Errorf("the stranger got %s", line)
						}
					}
				})
			})
		}
	}
}

// For a moment after its death followers redirect to the leader of before.
func TestWriteGoesRoundUntilALeaderAnswers(t *testing.T) {
	for name, endpoints := range map[string][]string{"dead leader": {"http://a", "http://b"}, "one more": {"http://a", "http://c", "http://b"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				elected := time.Now().Add(time.Second)
				follower := func(w http.ResponseWriter, r *http.Request) {
					reply := redirecting("http://b", "")
					if time.Now().After(elected) {
						reply = nameless(granting(3))
					}
					reply(w, r)
				}
				net.serve(t, "a", follower).asEtcd0()
				net.serve(t, "c", follower).asEtcd0()
				_, err := net.connect(t, Config{Endpoints: endpoints}).Set(t.Context(), "/k", "v")
				check(t, "error", err, error(nil))
			})
		})
	}
}

// The rounds end like those of every call, and say that there is no leader.
func TestRedirectsToALeaderThatDoesNotAnswerEnd(t *testing.T) {
	for name, other := range map[string]http.HandlerFunc{"is down": nil, "names the other": redirecting("http://a", "")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				a := net.serve(t, "a", redirecting("http://b", "")).asEtcd0()
				if other != nil {
					net.serve(t, "b", other).asEtcd0()
				}
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}, AttemptTimeout: 5 * time.Second})
				start := time.Now()
				_, err := client.Set(t.Context(), "/k", "v")
				checkIs(t, err, ErrLeaderElect)
				checkNot(t, err, ErrOutcomeUnknown)
				check(t, "retryable", Retryable(err), true)
				took, rounds := time.Since(start), len(a.got())
				if took > 7*time.Second || rounds < 4 || rounds > 20 {
					t.Errorf("%d rounds in %v", rounds, took)
				}
				checkAttempts(t, err, 2*rounds) // each member is asked once in a round
			})
		})
	}
}

func TestRefuseRedirects(t *testing.T) {
	leader := serve(t, nameless(granting(3))).asEtcd0()
	follower := serve(t, redirecting(leader.url, "")).asEtcd0()
	client := connectWith(t, Config{Endpoints: []string{follower.url, leader.url}, RefuseRedirects: true})
	_, err := client.Set(t.Context(), "/k", "v")
	check(t, "status", status(err), 307)
	checkNot(t, err, ErrOutcomeUnknown)
	check(t, "requests to the leader", len(leader.got()), 0)
}

// Go's http.Client would follow a 301 with a GET and return its reply as the answer to the write. Which server
// sent the redirect, and whether it passed the write on before, is not known.
func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		target := serve(t, granting(3))
		s := serve(t, text(status, "", "Location", target.url+"/v2/keys/k"))
		client := connect(t, s.url)
		for name, do := range every {
			if strings.HasPrefix(name, "Watch") {
				continue // has a test of its own
			}
			err := do(t.Context(), client)
			check(t, name+": in doubt", errors.Is(err, ErrOutcomeUnknown), writes[name] != nil)
			var reply *Error
			if !errors.As(err, &reply) || reply.StatusCode != status || !strings.Contains(reply.Error(), target.url) {
				t.Errorf("%s, %d: error is %v", name, status, err)
			}
		}
		check(t, "requests to the target", target.got(), []string(nil))
	}
}

// A watch rides it out, like every reply of a stranger.
func TestWatchRidesOutARedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moved := text(307, "", "Location", "http://b/v2/keys/k")
		w := watching(t, moved, text(404, ""), keys(200, 7, ""), moved, eventAt("set", "/k", 8, 8))
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
		asked := slices.DeleteFunc(w.got(), func(line string) bool { return line != "HEAD /v2/keys/k" })
		check(t, "questions for the start", len(asked), 2)
	})
}
