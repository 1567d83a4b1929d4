package etcd

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// routes answers by the path of a request, and 404 for all others.
func routes(replies map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if reply, ok := replies[r.URL.Path]; ok {
			reply(w, r)
			return
		}
		http.NotFound(w, r)
	}
}

// named answers who the members are, at which index the member is, and, as long as leader is not empty, who
// leads.
func named(machines, leader string) http.HandlerFunc {
	replies := map[string]http.HandlerFunc{"/v2/machines": text(200, machines), "/v2/keys/_etcdv2/none": keys(404, 7, "")}
	if leader != "" {
		replies["/v2/members/leader"] = text(200, `{"id":"8211f1d0f64f3269","name":"m1","clientURLs":["::","`+leader+`"]}`)
	}
	return routes(replies)
}

func TestSyncTakesOnMembersThatAnswerAndSpeakAConfiguredScheme(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var r recorder
		net.serve(t, "a", named("http://b, http://c, http://d, https://e, http://a", "")).scripted = true
		b := net.serve(t, "b", keys(404, 7, ""))
		b.scripted = true
		net.serve(t, "d", hang).scripted = true // reachable, and does not answer
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, Observer: &r})
		check(t, "error", client.Sync(t.Context()), error(nil))
		check(t, "endpoints", client.Endpoints(), []string{"http://a", "http://b"})
		check(t, "requests to the new one", b.got(), []string{indexLine})
		check(t, "events", r.take(), []string{
			"http://a started GET /v2/machines", "http://a answered GET /v2/machines, error: false",
			"http://a started " + indexLine, "http://a answered " + indexLine + ", error: true", // for the cluster's ID
			"synced [http://a http://b], error: false",
		})
	})
}

func TestSyncPassesOverAMemberOfAnotherCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", named("http://b", ""))
		net.serve(t, "b", text(404, "", "X-Etcd-Cluster-Id", "cdf818194e3a8c32", "X-Etcd-Index", "7")).scripted = true
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, ClusterID: "7e27652122e8b2ae"})
		check(t, "error", client.Sync(t.Context()), error(nil))
		check(t, "endpoints", client.Endpoints(), []string{"http://a"})
	})
}

func TestMachinesThatAreNonsenseChangeNothing(t *testing.T) {
	for name, machines := range map[string]string{
		"second is bad": "http://127.0.0.1:1, b:2379", "credentials": "http://root:" + secret + "@a:2379",
	} {
		t.Run(name, func(t *testing.T) {
			var r recorder
			s := serve(t, named(machines, ""))
			client := connectWith(t, Config{Endpoints: []string{s.url}, Observer: &r})
			err := client.Sync(t.Context())
			checkIs(t, err, ErrInvalidArgument)
			check(t, "endpoints", client.Endpoints(), []string{s.url})
			events := r.got()
			check(t, "last event", events[len(events)-1], Event(Synced{[]string{s.url}, err}))
		})
	}
}

func TestSyncFailsWithItsMembersAndChangesNothing(t *testing.T) {
	for _, reply := range []http.HandlerFunc{text(503, ""), named("<html>Log in</html>", ""), named("", "")} {
		s := serve(t, reply)
		client := connect(t, s.url)
		var failed *ClusterError
		if err := client.Sync(t.Context()); !errors.As(err, &failed) {
			t.Errorf("error is %v", err)
		}
		check(t, "endpoints", client.Endpoints(), []string{s.url})
	}
}

func TestSelectLeaderBeginsWithTheLeader(t *testing.T) {
	follower, leader := serve(t), serve(t)
	machines := follower.url + "," + leader.url
	follower.replies = []http.HandlerFunc{named(machines, leader.url)}
	leader.replies = []http.HandlerFunc{file("set", "/k", "v", 3)}
	client := connect(t, follower.url, leader.url)
	client.selection = SelectLeader // without the background, which would sync by itself
	check(t, "error", client.Sync(t.Context()), error(nil))
	if _, err := client.Set(t.Context(), "/k", "v"); err != nil {
		t.Error(err)
	}
	check(t, "requests to the leader", leader.got(), []string{"PUT /v2/keys/k value=v"})
}

func TestSelectAnyDoesNotAskForTheLeader(t *testing.T) {
	s := serve(t)
	s.replies = []http.HandlerFunc{named(s.url, s.url)}
	check(t, "error", connect(t, s.url).Sync(t.Context()), error(nil))
	check(t, "requests", s.got(), []string{"GET /v2/machines"})
}

func TestLeaderThatCannotBeFollowedIsToldToTheObserver(t *testing.T) {
	for name, leader := range map[string]string{"at no known endpoint": "http://elsewhere:2379", "during an election": ""} {
		t.Run(name, func(t *testing.T) {
			var r recorder
			s := serve(t)
			s.replies = []http.HandlerFunc{routes(map[string]http.HandlerFunc{
				"/v2/machines":       text(200, s.url),
				"/v2/members/leader": text(503, `{"message":"During election"}`),
			})}
			if leader != "" {
				s.replies = []http.HandlerFunc{named(s.url, leader)}
			}
			client := connectWith(t, Config{Endpoints: []string{s.url}, Observer: &r})
			client.selection = SelectLeader
			err := client.Sync(t.Context())
			checkNot(t, err, ErrInvalidArgument)
			events := r.got()
			check(t, "last event", events[len(events)-1], Event(Synced{[]string{s.url}, err}))
		})
	}
}

func TestBackgroundSyncsAtOnceAndAtEveryIntervalWhateverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var reply atomic.Value // what a says in this interval
		net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) { reply.Load().(http.HandlerFunc)(w, r) })
		// They answer when they are tried out, and do not know of members.
		net.serve(t, "b", text(503, ""))
		net.serve(t, "c", text(503, ""))
		reply.Store(named("http://b", ""))
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, SyncInterval: time.Minute})
		synctest.Wait()
		check(t, "endpoints at once", client.Endpoints(), []string{"http://a", "http://b"})
		for _, next := range []struct {
			name  string
			reply http.HandlerFunc
			want  []string
		}{
			{"failure", text(503, ""), []string{"http://a", "http://b"}},
			{"nonsense", named("b:2379", ""), []string{"http://a", "http://b"}},
			{"new list", named("http://c", ""), []string{"http://a", "http://c"}},
		} {
			reply.Store(next.reply)
			<-time.After(time.Minute)
			synctest.Wait()
			check(t, "endpoints after a "+next.name, client.Endpoints(), next.want)
		}
	})
}

// What asks in the background must not ask longer than until it would ask again.
func TestBackgroundSyncIsGivenUpWhenTheNextIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var r recorder
		a := net.serve(t, "a", hang, named("http://b", ""))
		a.scripted = true
		net.serve(t, "b", hang)
		client := net.connect(t, Config{
			Endpoints: []string{"http://a"}, SyncInterval: 5 * time.Second, AttemptTimeout: time.Hour, Observer: &r,
		})
		<-time.After(5*time.Second + time.Millisecond)
		synctest.Wait()
		check(t, "requests", a.got(), []string{"GET /v2/machines", "GET /v2/machines", indexLine})
		check(t, "endpoints", client.Endpoints(), []string{"http://a", "http://b"})
	})
}

func TestCloseWaitsForTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var r recorder
		a := net.serve(t, "a", hang)
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, SyncInterval: time.Minute, Observer: &r})
		synctest.Wait()
		check(t, "requests under way", len(a.got()), 1)
		began := time.Now()
		client.Close()
		check(t, "time that Close took", time.Since(began), time.Duration(0))
		events := r.got() // without another wait: all must have been told by now
		last, ok := events[len(events)-1].(Synced)
		if !ok {
			t.Fatalf("events are %v", events)
		}
		checkIs(t, last.Err, ErrClosed)
		<-time.After(time.Hour)
		check(t, "events an hour later", len(r.got()), len(events))
	})
}

func TestCloseEndsTheBackgroundBetweenTwoSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		a := net.serve(t, "a", named("http://a", ""))
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, SyncInterval: time.Minute})
		synctest.Wait()
		client.Close()
		<-time.After(time.Hour)
		check(t, "requests", len(a.got()), 1)
	})
}

func TestSyncAfterCloseReturnsErrClosed(t *testing.T) {
	s := serve(t, named("http://127.0.0.1:1", ""))
	client := connect(t, s.url)
	client.Close()
	checkIs(t, client.Sync(t.Context()), ErrClosed)
	check(t, "requests", s.got(), []string(nil))
}
