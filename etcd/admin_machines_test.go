package etcd

import (
	"errors"
	"net/http"
	"testing"
)

func TestMachinesReadsTheList(t *testing.T) {
	for body, want := range map[string][]string{
		"http://a:2379":                {"http://a:2379"},
		"http://a:2379, http://b:2379": {"http://a:2379", "http://b:2379"},
		"http://a:2379,https://b,, ":   {"http://a:2379", "https://b"},
		"a:2379, unix://c\n":           {"a:2379", "unix://c"}, // whether a member is there is for Sync to decide
	} {
		s := serve(t, text(200, body, "Content-Type", "text/plain"))
		got, err := connect(t, s.url).Machines(t.Context())
		if err != nil {
			t.Error(err)
		}
		check(t, body, got, want)
		check(t, "requests", s.got(), []string{"GET /v2/machines"})
	}
}

// The member that answers is in the list, so a list without a URL is not etcd's.
func TestMachinesRefusesWhatIsNoList(t *testing.T) {
	for _, body := range []string{"", " \n", ",", "a:2379", "<html>Log in</html>", `{"machines":"http://a:2379"}`, `<a href="http://a:2379">`} {
		s, second := serve(t, text(200, body)), serve(t, text(200, "http://a:2379"))
		_, err := connect(t, s.url).Machines(t.Context())
		check(t, body, []any{status(err), Retryable(err)}, []any{200, true})
		got, err := connect(t, s.url, second.url).Machines(t.Context())
		check(t, body+": of the next member", []any{got, err}, []any{[]string{"http://a:2379"}, error(nil)})
	}
}

func TestMachinesFailsWithItsMembers(t *testing.T) {
	s := serve(t, text(500, ""))
	if got, err := connect(t, s.url).Machines(t.Context()); err == nil {
		t.Errorf("got %v", got)
	}
}

func TestLeader(t *testing.T) {
	const member = `{"id":"8211f1d0f64f3269","name":"m1","peerURLs":["http://p1:2380","http://p2:2380"],"clientURLs":["http://c:2379"]}`
	want := Member{
		ID: "8211f1d0f64f3269", Name: "m1", PeerURLs: []string{"http://p1:2380", "http://p2:2380"}, ClientURLs: []string{"http://c:2379"},
	}
	s := serve(t, text(200, member, "Content-Type", "application/json"))
	got, err := connect(t, s.url).Leader(t.Context())
	if err != nil {
		t.Error(err)
	}
	check(t, "leader", got, want)
	check(t, "requests", s.got(), []string{"GET /v2/members/leader"})
}

func TestLeaderDuringAnElection(t *testing.T) {
	s := serve(t, text(503, `{"message":"During election"}`, "Content-Type", "application/json"))
	_, err := connect(t, closedPort, s.url).Leader(t.Context())
	checkIs(t, err, ErrLeaderElect)
	var reply *Error
	if !errors.As(err, &reply) || reply.Message != "During election" {
		t.Errorf("error is %v", err)
	}
}

func TestLeaderOfEtcd0IsAskedForTheOldWay(t *testing.T) {
	notFound := text(404, "404 page not found\n")
	version := text(200, "etcd 0.4.9")
	s := serve(t, notFound, version, text(200, "http://127.0.0.1:7001"))
	got, err := connect(t, s.url).Leader(t.Context())
	if err != nil {
		t.Error(err)
	}
	check(t, "leader", got, Member{PeerURLs: []string{"http://127.0.0.1:7001"}})
	check(t, "requests", s.got(), []string{"GET /v2/members/leader", "GET /version", "GET /v2/leader"})

	s = serve(t, notFound, version, refusing(500, ErrLeaderElect, "", 4))
	_, err = connect(t, s.url).Leader(t.Context())
	checkIs(t, err, ErrLeaderElect)
}

func TestLeaderFails(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"no member": text(200, "{}"), "no JSON": text(200, "<html>"), "not allowed": refusing(401, ErrUnauthorized, "", 0),
		"nowhere": text(404, "404 page not found\n"), "broken": text(500, ""),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, reply)
			got, err := connect(t, s.url).Leader(t.Context())
			checkNot(t, err, ErrLeaderElect)
			check(t, "leader", got, Member{})
		})
	}
}
