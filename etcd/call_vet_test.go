package etcd

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// vetted starts a server whose script also answers the question that precedes a write.
func vetted(t *testing.T, reply http.HandlerFunc) *server {
	t.Helper()
	s := serve(t, reply)
	s.scripted = true
	return s
}

// writesTo returns how many requests to s can have changed something.
func writesTo(s *server) int {
	n := 0
	for _, line := range s.got() {
		if line[:4] != "GET " && line[:4] != "HEAD" {
			n++
		}
	}
	return n
}

// strangers answer in place of a member, and are none of the cluster.
var strangers = map[string]http.HandlerFunc{
	"takes everything":           text(200, "<html>welcome</html>"),
	"refuses everything":         text(403, "<html>forbidden</html>"),
	"has nothing":                text(404, "<html>nothing here</html>"),
	"redirects":                  text(302, "", "Location", "http://127.0.0.1:1/login"),
	"is overloaded":              text(429, ""),
	"is broken":                  text(502, "<html>bad gateway</html>"),
	"runs without the v2 API":    http.NotFound,
	"is a member of another one": text(404, "", "X-Etcd-Cluster-Id", "cdf818194e3a8c32", "X-Etcd-Index", "7"),
	"says nothing":               hangup,
}

// Something else than a member of the cluster never gets a write as long as there is a member.
func TestStrangerGetsNoWrite(t *testing.T) {
	for who, reply := range strangers {
		t.Run(who, func(t *testing.T) {
			for name, do := range writes {
				first, second, member := vetted(t, reply), vetted(t, reply), serve(t, granting(3))
				client := connectWith(t, Config{Endpoints: []string{first.url, second.url, member.url}, ClusterID: "7e27652122e8b2ae"})
				check(t, name, do(t.Context(), client), error(nil))
				check(t, name+": writes", []int{writesTo(first), writesTo(second), writesTo(member)}, []int{0, 0, 1})
			}
		})
	}
}

// What it answers to a read is not believed, it is set aside, and calls begin with the member.
func TestStrangerIsSetAside(t *testing.T) {
	for who, reply := range strangers {
		t.Run(who, func(t *testing.T) {
			var r recorder
			stranger, member := vetted(t, reply), serve(t, granting(3))
			client := connectWith(t, Config{
				Endpoints: []string{stranger.url, member.url}, ClusterID: "7e27652122e8b2ae", Observer: &r,
			})
			check(t, "error", every["Get"](t.Context(), client), error(nil))
			check(t, "requests to the stranger", len(stranger.got()), 1)
			for _, name := range []string{"Get", "Exists", "Set"} {
				check(t, name, every[name](t.Context(), client), error(nil))
			}
			check(t, "further requests to the stranger", len(stranger.got()), 1)
			aside := 0
			for _, event := range r.got() {
				if e, ok := event.(MemberSetAside); ok && e.Endpoint == stranger.url {
					aside++
				}
			}
			check(t, "times set aside", aside, 1)
		})
	}
}

// A member is asked until it has answered once, and again after a failure.
func TestMemberIsAskedOnceBeforeWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var down bool // changed between calls only
		member := net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) {
			reply := granting(3)
			if down {
				reply = text(503, "")
			}
			reply(w, r)
		})
		member.scripted = true
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
		put := "PUT /v2/keys/k value=v"
		set := func(want ...string) {
			t.Helper()
			before := len(member.got())
			_ = every["Set"](t.Context(), client) // the requests are the test
			check(t, "requests", member.got()[before:], want)
		}
		set(indexLine, put)
		set(put)
		down = true
		set(put)
		down = false
		<-time.After(time.Minute)
		set(indexLine, put)
		check(t, "error of a read", every["Get"](t.Context(), client), error(nil))
		set(put)
	})
}

func TestReadAnswersTheQuestionBeforeAWriteToo(t *testing.T) {
	member := vetted(t, granting(3))
	client := connect(t, member.url, closedPort)
	for _, name := range []string{"Get", "Set"} {
		check(t, name, every[name](t.Context(), client), error(nil))
	}
	check(t, "requests", member.got(), []string{"GET /v2/keys/k", "PUT /v2/keys/k value=v"})
}

// Its answer to the write says as much.
func TestOnlyMemberIsNotAskedBeforeAWrite(t *testing.T) {
	member := vetted(t, granting(3))
	check(t, "error", every["Set"](t.Context(), connect(t, member.url)), error(nil))
	check(t, "requests", member.got(), []string{"PUT /v2/keys/k value=v"})
}

// A gateway may refuse the question, and let the write pass.
func TestGatewayThatRefusesTheQuestionGetsTheWrite(t *testing.T) {
	for status, body := range map[int]string{405: "", 403: "<html>", 404: "", 501: "", 302: "", 500: ""} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				gateway := func(w http.ResponseWriter, r *http.Request) {
					reply := granting(3)
					if r.Method == http.MethodHead {
						reply = text(status, body)
					}
					reply(w, r)
				}
				a, b := net.serve(t, "a", gateway), net.serve(t, "b", gateway)
				a.scripted, b.scripted = true, true
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
				for range 2 {
					check(t, "error", every["Set"](t.Context(), client), error(nil))
				}
				check(t, "writes", writesTo(a)+writesTo(b), 2)
				// Two rounds of questions at most, and none for the second write.
				if asked := len(a.got()) + len(b.got()) - 2; asked > 4 {
					t.Errorf("%d questions", asked)
				}
			})
		})
	}
}

// A member that hangs costs its part of the time, and leaves no write in doubt.
func TestMemberThatHangsBeforeAWriteIsPassedOver(t *testing.T) {
	for name, do := range writes {
		synctest.Test(t, func(t *testing.T) {
			var net network
			a, b := net.serve(t, "a", hang), net.serve(t, "b", granting(3))
			a.scripted = true
			client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}, AttemptTimeout: 4 * time.Second})
			start := time.Now()
			check(t, name, do(t.Context(), client), error(nil))
			check(t, "time", time.Since(start), 4*time.Second)
			check(t, "writes", []int{writesTo(a), writesTo(b)}, []int{0, 1})
		})
	}
}

// In the last round a write goes to everything that may be a gateway, but not to a member of another cluster.
func TestOnlyAMemberOfAnotherClusterIsSureToGetNoWrite(t *testing.T) {
	for who, reply := range strangers {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				s := net.serve(t, "a", reply)
				s.scripted = true
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}, ClusterID: "7e27652122e8b2ae"})
				err := every["Set"](t.Context(), client)
				switch who {
				case "is a member of another one":
					check(t, "writes", writesTo(s), 0)
					checkIs(t, err, ErrWrongCluster)
					checkNot(t, err, ErrOutcomeUnknown)
				case "runs without the v2 API":
					check(t, "writes", writesTo(s), 1)
					checkNot(t, err, ErrOutcomeUnknown)
				default:
					check(t, "writes", writesTo(s), 1)
					checkIs(t, err, ErrOutcomeUnknown)
				}
			})
		})
	}
}

// Only an answer teaches which cluster the client is for, and how far it is: a page may have any header.
func TestPageTeachesNothing(t *testing.T) {
	const event, other = `{"action":"get","node":{"key":"/k","value":"v"}}`, "cdf818194e3a8c32"
	for name, page := range map[string]struct {
		status int
		body   string
	}{
		"page": {200, "<html>"}, "another key": {200, `{"action":"get","node":{"key":"/x","value":"v"}}`},
		"another action": {200, `{"action":"set","node":{"key":"/k","value":"v"}}`}, "no index": {200, event},
		"404": {404, "<html>"}, "404 page": {404, pageMissing}, "another cause": {404, `{"errorCode":100,"message":"Key not found","cause":"/x"}`},
		"503": {503, "<html>"}, "501": {501, ""}, "redirect": {307, ""},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{"X-Etcd-Cluster-Id", other, "X-Etcd-Index", "18446744073709551615", "Location", "http://127.0.0.1:1/v2/keys/k"}
			if name == "no index" {
				headers = headers[:2]
			}
			stranger := serve(t, text(page.status, page.body, headers...))
			member := serve(t, granting(3), refusing(404, ErrKeyNotFound, "/k", 3))
			client := connect(t, stranger.url, member.url)
			resp, err := client.Get(t.Context(), "/k")
			if err != nil || resp.ClusterID == other {
				t.Fatalf("got %+v, %v", resp, err)
			}
			check(t, "highest index", client.cluster.Seen(), uint64(3))
			// So the member is not behind.
			checkIs(t, every["Get"](t.Context(), client), ErrKeyNotFound)
			check(t, "requests to the member", len(member.got()), 2)
		})
	}
}

// A watch goes on to the next member behind a success that is not etcd's, and rides it out where there is none.
func TestWatchIsNotOpenedByAStranger(t *testing.T) {
	event := eventAt("set", "/k", 5, 4)
	for name, page := range map[string]http.HandlerFunc{
		"page": text(200, "<html>welcome</html>"), "empty": text(200, ""), "silent": nameless(silent(4)),
		"no index": text(200, "", "X-Etcd-Cluster-Id", "7e27652122e8b2ae"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				stranger, member := net.serve(t, "a", page), net.serve(t, "b", event, hang)
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}, ClusterID: "7e27652122e8b2ae"})
				got, err := client.WatchOnce(t.Context(), "/k", WithAfterIndex(4))
				if err != nil || eventLine(got) != "set /k@5" {
					t.Errorf("got %v, %v", got, err)
				}
				check(t, "requests to the stranger", stranger.got(), polls(5))
				check(t, "requests to the member", expected(member.got(), polls(5)), polls(5))
			})
			synctest.Test(t, func(t *testing.T) {
				w := watching(t, keys(200, 4, ""), page, page, event)
				check(t, "events", w.events(t, 1), []string{"set /k@5"})
			})
		})
	}
}

// The replies about members and users carry the cluster's ID, but for those to missing credentials.
func TestRepliesAboutMembersAndUsersAreSigned(t *testing.T) {
	const member = `{"id":"a1","name":"m1","peerURLs":["http://p:2380"],"clientURLs":[]}`
	for name, test := range map[string]struct {
		reply  http.HandlerFunc
		signed bool
	}{
		"signed": {text(200, member), true}, "unsigned": {nameless(text(200, member)), false},
		"refusal": {said(409, "membership: peerURL exists"), true}, "unsigned refusal": {nameless(said(409, "membership: peerURL exists")), false},
		"credentials": {nameless(said(401, noRights)), true}, "a gateway's credentials": {nameless(said(401, "log in")), false},
	} {
		s, second := serve(t, test.reply), serve(t, text(201, member))
		client := connect(t, s.url, second.url)
		_, err := client.AddMember(t.Context(), "http://p:2380")
		if test.signed {
			check(t, name+": retryable", Retryable(err), false)
		} else {
			checkIs(t, err, ErrOutcomeUnknown)
		}
		check(t, name+": requests to the next", len(second.got()), 0)
		_, err = client.Leader(t.Context())
		check(t, name+": the next is asked", len(second.got()) > 0, !test.signed)
		if !test.signed {
			check(t, name+": leader", err, error(nil))
		}
	}
}
