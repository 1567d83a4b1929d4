package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Requests of a Refresh: the questions, the two of a Modify, and a refresh.
const (
	askVersion = "GET /version"
	askMembers = "GET /v2/members"
	modifyRead = "GET /v2/keys/k?quorum=true"
	modifySwap = "PUT /v2/keys/k?prevIndex=3 ttl=60&value=v"
	refreshPut = "PUT /v2/keys/k?prevExist=true refresh=true&ttl=60"
)

// versions answers GET /version.
func versions(server, cluster string) http.HandlerFunc {
	return text(200, fmt.Sprintf(`{"etcdserver":%q,"etcdcluster":%q}`, server, cluster))
}

// advertising answers GET /v2/members with members that advertise these client URLs, each joined by commas.
func advertising(members ...string) http.HandlerFunc {
	var list []string
	for i, urls := range members {
		quoted := `"` + strings.ReplaceAll(urls, ",", `","`) + `"`
		if urls == "" {
			quoted = ""
		}
		list = append(list, fmt.Sprintf(`{"id":"%x","name":"m","peerURLs":["http://p%d"],"clientURLs":[%s]}`, i+1, i, quoted))
	}
	return text(200, `{"members":[`+strings.Join(list, ",")+`]}`, "X-Etcd-Cluster-Id", "7e27652122e8b2ae")
}

// refreshedMember is a member by the path that it is asked for.
type refreshedMember struct{ version, members http.HandlerFunc }

func (r refreshedMember) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch req.URL.Path {
	case "/version":
		r.version(w, req)
	case "/v2/members":
		r.members(w, req)
	default:
		granting(3)(w, req)
	}
}

// refreshed serves members called a, b and so on, and returns what they were sent.
func (n *network) refreshed(t *testing.T, members ...refreshedMember) (lines func() []string, endpoints []string) {
	var all []*server
	for i, m := range members {
		s := n.serve(t, string(rune('a'+i)), m.ServeHTTP)
		all, endpoints = append(all, s), append(endpoints, s.url)
	}
	return func() []string {
		var lines []string
		for _, s := range all {
			lines = append(lines, s.got()...)
		}
		return lines
	}, endpoints
}

func TestRefreshGoesTheWayThatAllMembersKnow(t *testing.T) {
	v237, v238, v35 := versions("2.3.7", "2.3.0"), versions("2.3.8", "2.3.0"), versions("3.5.35", "3.5.0")
	missing, forbidden := text(404, "404 page not found\n"), text(403, "<html>not for you</html>")
	for _, test := range []struct {
		name    string
		members []refreshedMember
		silent  bool
	}{
		{"0.4", []refreshedMember{{text(200, "etcd 0.4.9"), missing}}, false},
		{"2.0", []refreshedMember{{text(200, "etcd 2.0.13"), advertising("http://a")}}, false},
		{"2.2", []refreshedMember{{versions("2.2.5", "2.2.0"), advertising("http://a")}}, false},
		{"2.3.6", []refreshedMember{{versions("2.3.6", "2.3.0"), advertising("http://a")}}, false},
		{"2.3.7", []refreshedMember{{v237, advertising("http://a")}}, true},
		{"2.3.8", []refreshedMember{{v238, advertising("http://elsewhere")}}, true}, // the only member
		{"2.3.8 beside an older minor", []refreshedMember{{versions("2.3.8", "2.2.0"), advertising("http://a")}}, false},
		{"not decided", []refreshedMember{{versions("2.3.8", "not_decided"), advertising("http://a")}}, false},
		{"no cluster version", []refreshedMember{{text(200, `{"etcdserver":"2.3.8"}`), advertising("http://a")}}, false},
		{"3.0", []refreshedMember{{versions("3.0.0", "3.0.0"), missing}}, true},
		{"3.5", []refreshedMember{{v35, missing}}, true},
		{"3.6", []refreshedMember{{text(200, `{"etcdserver":"3.6.0-rc.1","etcdcluster":"3.5.0","storage":"3.5.0"}`), missing}}, true},
		{"10.0", []refreshedMember{{versions("10.0.0", "10.0.0"), missing}}, true},
		{"unheard of", []refreshedMember{{versions("new", "new"), advertising("http://a")}}, false},

		{"two of 2.3", []refreshedMember{{v238, advertising("http://a", "http://b")}, {v237, missing}}, true},
		{"the other is older", []refreshedMember{{v238, advertising("http://a", "http://b")}, {versions("2.3.6", "2.3.0"), missing}}, false},
		{"the other is down", []refreshedMember{{v238, advertising("http://a", "http://b")}, {text(503, ""), missing}}, false},
		{"the other has not started", []refreshedMember{{v238, advertising("http://a", "")}}, false},
		{"the other is no endpoint", []refreshedMember{{v238, advertising("http://a", "http://b")}}, false},
		{"both behind one address", []refreshedMember{{v238, advertising("http://a", "http://a")}}, false},
		{"both behind one address, one beside it", []refreshedMember{{v238, advertising("http://a", "http://a,http://b")}, {v238, missing}}, false},
		{"both beside a common address", []refreshedMember{{v238, advertising("http://lb,http://a", "http://lb,http://b")}, {v238, missing}}, true},

		{"no page", []refreshedMember{{missing, missing}}, false},
		{"a gateway that passes keys only", []refreshedMember{{forbidden, forbidden}}, false},
		{"a page", []refreshedMember{{text(200, "<html>"), advertising("http://a")}}, false},
		{"broken", []refreshedMember{{text(500, ""), advertising("http://a")}}, false},
		{"no list", []refreshedMember{{v238, forbidden}}, false},
		{"hangs", []refreshedMember{{hang, hang}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				lines, endpoints := net.refreshed(t, test.members...)
				client := net.connect(t, Config{Endpoints: endpoints})
				err := within(t, 4*time.Second, func(ctx context.Context) error {
					_, err := client.Refresh(ctx, "/k", time.Minute-1)
					return err
				})
				check(t, "error", err, nil)
				check(t, "refresh was sent", slices.Contains(lines(), refreshPut), test.silent)
				check(t, "swap was sent", slices.Contains(lines(), modifySwap), !test.silent)
			})
		})
	}
}

// Members of different clusters have different versions.
func TestRefreshWithAnyClusterIsAModify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		lines, endpoints := net.refreshed(t, refreshedMember{versions("3.5.35", "3.5.0"), advertising("http://a")})
		_, err := net.connect(t, Config{Endpoints: endpoints, ClusterID: AnyCluster}).Refresh(t.Context(), "/k", time.Minute)
		check(t, "error", err, nil)
		check(t, "requests", lines(), []string{askVersion, modifyRead, modifySwap})
	})
}

// A member of etcd 2.3 can be replaced by an older one, and an old one by a newer.
func TestRefreshAsksEtcd2AgainAfterAMinute(t *testing.T) {
	for name, test := range map[string]struct {
		then, later string
		want        []string
	}{
		"replaced by an older one": {"2.3.8", "2.3.6", []string{
			askVersion, askMembers, refreshPut, refreshPut, askVersion, askMembers, modifyRead, modifySwap,
		}},
		"upgraded": {"2.3.6", "2.3.8", []string{
			askVersion, askMembers, modifyRead, modifySwap, modifyRead, modifySwap, askVersion, askMembers, refreshPut,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := test.then
				var net network
				lines, endpoints := net.refreshed(t, refreshedMember{
					func(w http.ResponseWriter, r *http.Request) { versions(now, "2.3.0")(w, r) }, advertising("http://a"),
				})
				client := net.connect(t, Config{Endpoints: endpoints})
				for _, pause := range []time.Duration{0, 59 * time.Second, time.Second} {
					<-time.After(pause)
					if _, err := client.Refresh(t.Context(), "/k", time.Minute); err != nil {
						t.Error(err)
					}
					now = test.later
				}
				check(t, "requests", lines(), test.want)
			})
		})
	}
}

// The version of a cluster of etcd 3 is at least 3.0 for good.
func TestRefreshAsksEtcd3Once(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		lines, endpoints := net.refreshed(t, refreshedMember{versions("3.5.35", "3.5.0"), nil})
		client := net.connect(t, Config{Endpoints: endpoints})
		for range 3 {
			if _, err := client.Refresh(t.Context(), "/k", time.Minute); err != nil {
				t.Error(err)
			}
			<-time.After(time.Hour)
		}
		check(t, "requests", lines(), []string{askVersion, refreshPut, refreshPut, refreshPut})
	})
}

// A call that ended while it asked has learned nothing.
func TestRefreshThatEndedDoesNotCountAsNo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		answer := http.HandlerFunc(hang)
		lines, endpoints := net.refreshed(t, refreshedMember{func(w http.ResponseWriter, r *http.Request) { answer(w, r) }, nil})
		client := net.connect(t, Config{Endpoints: endpoints})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := client.Refresh(ctx, "/k", time.Minute)
		checkIs(t, err, context.Canceled)
		synctest.Wait()
		answer = versions("3.5.35", "3.5.0")
		_, err = client.Refresh(t.Context(), "/k", time.Minute)
		check(t, "error", err, nil)
		check(t, "requests", lines(), []string{askVersion, askVersion, refreshPut})
	})
}

// A refresh must not bring back what has expired in the meantime.
func TestRefreshOfAMissingKeyFails(t *testing.T) {
	s := serve(t, versions("3.5.35", "3.5.0"), refusing(404, ErrKeyNotFound, "/k", 9))
	_, err := connect(t, s.url).Refresh(t.Context(), "/k", time.Minute)
	checkIs(t, err, ErrKeyNotFound)
	check(t, "unknown", errors.Is(err, ErrOutcomeUnknown), false)
}
