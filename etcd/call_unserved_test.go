package etcd

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// unserving are the replies of servers that do not serve a request, and have not done it.
var unserving = map[string]http.HandlerFunc{
	"no v2 API":               http.NotFound,
	"a read-only proxy":       text(501, ""),
	"a proxy without members": text(503, `{"message":"`+noEndpoints+`"}`),
}

// methodsOf returns the methods of requests, which must all be about the key of the calls of writes.
func methodsOf(requests []string) (methods []string) {
	for _, line := range requests {
		method, rest, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(rest, "/v2/keys/k") {
			method += " of another path"
		}
		methods = append(methods, method)
	}
	return methods
}

// Such a server is asked once more, and then the write goes to the next member.
func TestWriteMovesOnFromAMemberThatDoesNotServeIt(t *testing.T) {
	for who, reply := range unserving {
		for name, do := range writes {
			first, second := serve(t, reply), serve(t, granting(3))
			check(t, who+": "+name, do(t.Context(), connect(t, first.url, second.url)), error(nil))
			method, _, _ := strings.Cut(first.got()[0], " ")
			check(t, who+": "+name+": requests", methodsOf(first.got()), []string{method, "HEAD"})
			check(t, "the confirming request", first.got()[1], "HEAD /v2/keys/k")
			check(t, who+": "+name+": requests to the next", methodsOf(second.got()), []string{method})
		}
	}
}

// A gateway may have passed the write on and then answered by itself.
func TestWriteIsInDoubtWhereThatIsNotConfirmed(t *testing.T) {
	for who, reply := range unserving {
		for what, second := range map[string]http.HandlerFunc{
			"etcd serves the path":  keys(200, 8, ""),
			"etcd misses the key":   keys(404, 8, ""),
			"etcd 0.x serves it":    text(200, ""),
			"etcd 0.x misses it":    nameless(keys(404, 8, "")),
			"another status":        text(405, ""),
			"a gateway's timeout":   text(504, ""),
			"a page with etcd's ID": text(404, "", "X-Etcd-Cluster-Id", "7e27652122e8b2ae"),
		} {
			first, other := serve(t, reply, second), serve(t, granting(3))
			_, err := connect(t, first.url, other.url).Set(t.Context(), "/k", "v")
			checkIs(t, err, ErrOutcomeUnknown)
			check(t, who+", "+what+": requests", [][]string{first.got(), other.got()},
				[][]string{{"PUT /v2/keys/k value=v", "HEAD /v2/keys/k"}, nil})
		}
	}
}

// A read needs no confirmation.
func TestReadMovesOnFromAMemberThatDoesNotServeIt(t *testing.T) {
	for who, reply := range unserving {
		first, second := serve(t, reply), serve(t, granting(3))
		check(t, who, every["Get"](t.Context(), connect(t, first.url, second.url)), error(nil))
		check(t, who+": requests", first.got(), []string{"GET /v2/keys/k"})
	}
}

func TestNotSupportedTakesAllMembersToSaySo(t *testing.T) {
	without := routes(map[string]http.HandlerFunc{"/version": versionReply("3.6.0")})
	for name, test := range map[string]struct {
		other http.HandlerFunc // nil where nothing listens
		want  bool
	}{
		"all": {without, true}, "one is down": {nil, false}, "one breaks": {hangup, false},
		"one is a stranger": {text(404, "<html>nothing here</html>"), false},
		"one is a proxy":    {text(503, `{"message":"`+noEndpoints+`"}`), false},
		"one has no quorum": {refusing(500, ErrRaftInternal, "etcdserver: request timed out", 0), false},
	} {
		for _, call := range []string{"Get", "Set", "Exists"} {
			for _, endpoints := range [][]string{{"http://a", "http://b"}, {"http://b", "http://a"}} {
				t.Run(name+"/"+call, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var net network
						net.serve(t, "a", without).scripted = true
						if test.other != nil {
							net.serve(t, "b", test.other).scripted = true
						}
						err := every[call](t.Context(), net.connect(t, Config{Endpoints: endpoints}))
						if test.want {
							checkNot(t, err, ErrOutcomeUnknown)
						}
						check(t, "not supported", errors.Is(err, ErrNotSupported), test.want)
						check(t, "retryable", Retryable(err), !test.want)
					})
				})
			}
		}
	}
}

// The confirming request has to pass the same gateway.
func TestConfirmationCarriesTheCredentials(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != secret && r.URL.Path != "/version" {
			text(401, "<html>log in</html>")(w, r)
			return
		}
		http.NotFound(w, r)
	})
	client := connectWith(t, Config{Endpoints: []string{s.url}, Username: "root", Password: secret})
	_, err := client.Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrNotSupported)
}

// A member that has answered before is a version without the path, and serves all the rest.
func TestMemberWithoutAPathIsNotSetAside(t *testing.T) {
	var r recorder
	s := serve(t, granting(3), text(404, pageMissing))
	client := connectWith(t, Config{Endpoints: []string{s.url, closedPort}, Observer: &r})
	check(t, "error", every["Get"](t.Context(), client), error(nil))
	_, err := client.Auth().Users(t.Context())
	checkNot(t, err, ErrNotSupported) // the other may have it
	for _, event := range r.got() {
		if aside, ok := event.(MemberSetAside); ok && aside.Endpoint == s.url {
			t.Errorf("set aside: %v", aside.Err)
		}
	}
}
