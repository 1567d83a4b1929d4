package cluster

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/fakenet"
)

// silentNameServer never answers.
func silentNameServer(ctx context.Context) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestDiscoveryEndsAfterTheTimeOfAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, Config{Discover: silentNameServer, AttemptTimeout: 10 * time.Second})
		start := time.Now()
		result := c.Do(t.Context(), newCall(t, "GET", "/v2/keys/k", ""))
		checkIs(t, result.Err, os.ErrDeadlineExceeded)
		check(t, "outcome", result.Outcome, NotSent)
		check(t, "took", time.Since(start), 10*time.Second)
	})
}

func TestDiscoveryEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, Config{Discover: silentNameServer})
		time.AfterFunc(time.Minute, c.Close)
		start := time.Now()
		result := c.Do(t.Context(), newCall(t, "GET", "/v2/keys/k", ""))
		checkIs(t, result.Err, errs.ErrClosed)
		check(t, "took", time.Since(start), time.Minute)
	})
}

func TestNoMembersFoundIsAnError(t *testing.T) {
	c := newCluster(t, Config{Discover: func(context.Context) ([]string, error) { return nil, nil }})
	result := c.Do(t.Context(), newCall(t, "GET", "/v2/keys/k", ""))
	checkIs(t, result.Err, errs.ErrInvalidArgument)
}

// They are what the user configured, by another way.
func TestDiscoveredMembersAreNotDropped(t *testing.T) {
	discover := func(context.Context) ([]string, error) { return []string{"http://b"}, nil }
	c := newCluster(t, Config{Endpoints: []string{"http://a"}, Discover: discover})
	check(t, "error", c.Discover(t.Context()), error(nil))
	check(t, "error", c.Advertise(t.Context(), nil), error(nil))
	check(t, "endpoints", c.Endpoints(), []string{"http://a", "http://b"})
}

func TestAdvertisePassesOverWhatIsNotAnEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(text(200, 7, "")))
		net.Serve(t, "b", server(text(200, 7, "")))
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		err := c.Advertise(t.Context(), []string{"unix://localhost:123", "http://a", "http://b", "http://user:pw@c"})
		checkIs(t, err, errs.ErrInvalidArgument)
		check(t, "endpoints", c.Endpoints(), []string{"http://a", "http://b"})
		// A list that is not quite one does not prove that a member has gone.
		for _, odd := range [][]string{{"<html>"}, {"http://nowhere", "nonsense"}} {
			checkIs(t, c.Advertise(t.Context(), odd), errs.ErrInvalidArgument)
			check(t, "endpoints", c.Endpoints(), []string{"http://a", "http://b"})
		}
		check(t, "error", c.Advertise(t.Context(), []string{"http://a"}), error(nil))
		check(t, "endpoints", c.Endpoints(), []string{"http://a"})
	})
}

// A question that was broken off does not prove that a member has gone.
func TestAdvertiseThatItsContextEndsDropsNoMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(text(200, 7, "")))
		net.Serve(t, "b", server(text(200, 7, "")))
		net.Serve(t, "c", server(hang))
		net.Serve(t, "d", server(text(200, 7, "")))
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		check(t, "error", c.Advertise(t.Context(), []string{"http://b"}), error(nil))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errs.ErrClosed)
		defer cancel()
		err := c.Advertise(ctx, []string{"http://c", "http://d"})
		check(t, "error", err.Error(), "context deadline exceeded: etcd: client closed")
		checkIs(t, err, context.DeadlineExceeded)
		check(t, "endpoints", c.Endpoints(), []string{"http://a", "http://d", "http://b"})
	})
}

// Members that hang take their time once, not one after the other, and the client opens no more than some
// connections at once, however many members it is told of.
func TestAdvertisedMembersAreAskedSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(text(200, 7, "")))
		endpoints := []string{"http://a"}
		for i := range mostAsked - 1 {
			name := "hangs" + strconv.Itoa(i)
			net.Serve(t, name, server(hang))
			endpoints = append(endpoints, "http://"+name)
		}
		net.Serve(t, "b", server(text(200, 7, "")))
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		start := time.Now()
		if err := c.Advertise(t.Context(), append(endpoints, "http://b")); err != nil {
			t.Error(err)
		}
		check(t, "took", time.Since(start), dialTimeout)
		check(t, "b is a member", slices.Contains(c.Endpoints(), "http://b"), true)
		check(t, "members", len(c.Endpoints()), 2)
	})
}

// of answers as a member of the cluster with an ID does; empty for etcd 0.x, which has none.
func of(id string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if id != "" {
			w.Header().Set("X-Etcd-Cluster-Id", id)
		}
		text(404, 7, "")(w, r)
	}
}

// What a cluster advertises may lead to another one from here, as http://localhost:2379 does.
func TestOnlyMembersOfTheClusterAreTakenOn(t *testing.T) {
	for name, test := range map[string]struct {
		configured string // ClusterID
		a, b       string // IDs that the member and the advertised one tell
		want       bool
	}{
		"same cluster":                      {"", "a1", "a1", true},
		"another cluster":                   {"", "a1", "b2", false},
		"a web server":                      {"", "a1", "", false},
		"configured, same":                  {"a1", "a1", "a1", true},
		"configured, another":               {"a1", "a1", "b2", false},
		"etcd 0.x, and another":             {"", "", "", true},
		"etcd 0.x, and a later one's":       {"", "", "b2", false},
		"any cluster, as the user wants it": {AnyCluster, "a1", "b2", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net fakenet.Network
				net.Serve(t, "a", server(of(test.a)))
				net.Serve(t, "b", server(of(test.b)))
				c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial, ClusterID: test.configured})
				if err := c.Advertise(t.Context(), []string{"http://b"}); err != nil {
					t.Error(err)
				}
				check(t, "taken on", slices.Contains(c.Endpoints(), "http://b"), test.want)
				check(t, "learned from b", c.identity.learned.Load() != nil && test.a == "", false)
			})
		})
	}
}

// Credentials that are meant for TLS stay on it, even if the member without TLS answers with the cluster's ID.
func TestMemberOfAnotherSchemeIsNotTakenOn(t *testing.T) {
	for endpoint, named := range map[string]string{"https://a": "http://b", "http://a": "https://b"} {
		asked := false
		answers := handled(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = asked || r.Host == "b"
			of("a1")(w, r)
		}))
		c := newCluster(t, Config{Endpoints: []string{endpoint}, HTTPClient: &http.Client{Transport: answers}})
		check(t, "error", c.Advertise(t.Context(), []string{named}), error(nil))
		check(t, "endpoints", c.Endpoints(), []string{endpoint})
		check(t, named+" was asked", asked, false)
	}
}

// A list may come from anywhere, and name any number.
func TestOnlySomeAdvertisedMembersAreAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		asked, most := 0, 0
		hangs := transport(func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			asked++
			most = max(most, asked)
			mu.Unlock()
			<-req.Context().Done()
			mu.Lock()
			asked--
			mu.Unlock()
			return nil, req.Context().Err()
		})
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, ClusterID: "a1", HTTPClient: &http.Client{Transport: hangs}})
		var endpoints []string
		for i := range 2*mostAsked + 1 {
			endpoints = append(endpoints, "http://hangs"+strconv.Itoa(i))
		}
		start := time.Now()
		check(t, "error", c.Advertise(t.Context(), endpoints), error(nil))
		check(t, "asked at once", most, mostAsked)
		check(t, "took", time.Since(start), 3*dialTimeout)
	})
}
