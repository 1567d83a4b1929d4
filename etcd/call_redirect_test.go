package etcd

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// A follower of etcd 0.x names the leader, and the same request goes there if it is a known member.
func TestLeaderNamedByAFollowerGetsTheRequest(t *testing.T) {
	leader := serve(t, file("set", "/k", "v", 3))
	follower := serve(t, text(307, "", "Location", leader.url+"/v2/keys/k"))
	client := connect(t, follower.url, leader.url)
	if _, err := client.Set(t.Context(), "/k", "v"); err != nil {
		t.Error(err)
	}
	check(t, "requests to the leader", leader.got(), []string{"PUT /v2/keys/k value=v"})
}

func TestFollowersThatNameEachOtherEndTheCall(t *testing.T) {
	a, b := serve(t), serve(t)
	a.replies = []http.HandlerFunc{text(307, "", "Location", b.url+"/v2/keys/k")}
	b.replies = []http.HandlerFunc{text(307, "", "Location", a.url+"/v2/keys/k")}
	_, err := connect(t, a.url, b.url).Set(t.Context(), "/k", "v")
	check(t, "status", status(err), 307)
	check(t, "requests", []int{len(a.got()), len(b.got())}, []int{1, 1})
}

func TestRefuseRedirects(t *testing.T) {
	leader := serve(t, file("set", "/k", "v", 3))
	follower := serve(t, text(307, "", "Location", leader.url+"/v2/keys/k"))
	client := connectWith(t, Config{Endpoints: []string{follower.url, leader.url}, RefuseRedirects: true})
	_, err := client.Set(t.Context(), "/k", "v")
	check(t, "status", status(err), 307)
	check(t, "requests to the leader", len(leader.got()), 0)
}

// Go's http.Client would follow a 301 with a GET, and call that the answer to the write.
func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		target := serve(t, file("get", "/k", "old", 3))
		s := serve(t, text(status, "", "Location", target.url+"/v2/keys/k"))
		client := connect(t, s.url)
		for name, do := range every {
			if strings.HasPrefix(name, "Watch") {
				continue // has a test of its own
			}
			err := do(t.Context(), client)
			checkNot(t, err, ErrOutcomeUnknown)
			var reply *Error
			if !errors.As(err, &reply) || reply.StatusCode != status || !strings.Contains(reply.Error(), target.url) {
				t.Errorf("%s, %d: error is %v", name, status, err)
			}
		}
		check(t, "requests to the target", target.got(), []string(nil))
	}
}
