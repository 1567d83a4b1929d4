package etcd

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// replyOf is a reply with the headers that tell which cluster answered, and how far it has come.
func replyOf(id string) *http.Response {
	resp := &http.Response{Header: http.Header{}}
	if id != "" {
		resp.Header.Set("X-Etcd-Cluster-Id", id)
	}
	return resp
}

func TestConfiguredClusterID(t *testing.T) {
	tests := []struct {
		name, expected, id string
		passes             bool
	}{
		{"same", "7e27652122e8b2ae", "7e27652122e8b2ae", true},
		{"upper case", "7E27652122E8B2AE", "7e27652122e8b2ae", true},
		// Etcd leaves leading zeros out, other tools print them.
		{"leading zeros", "00027652122E8b2ae", "27652122e8b2ae", true},
		{"another", "7e27652122e8b2ae", "cdf818194e3a8c32", false},
		{"longer", "7e27652122e8b2ae", "7e27652122e8b2ae0", false},
		{"shorter", "7e27652122e8b2ae", "7e27652122e8b2a", false},
		// Etcd 0.x, a proxy's page, and /version tell none.
		{"none told", "7e27652122e8b2ae", "", true},
		{"any", AnyCluster, "cdf818194e3a8c32", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			identity := clusterIdentity{expected: test.expected}
			err := identity.check(replyOf(test.id))
			if test.passes {
				check(t, "error", err, error(nil))
			} else {
				checkIs(t, err, ErrWrongCluster)
			}
		})
	}
}

func TestFirstAnswersClusterIsKeptTo(t *testing.T) {
	var identity clusterIdentity
	check(t, "an answer without an ID", identity.check(replyOf("")), error(nil))
	check(t, "the first ID", identity.check(replyOf("a1")), error(nil))
	checkIs(t, identity.check(replyOf("b2")), ErrWrongCluster)
	check(t, "the first ID again", identity.check(replyOf("a1")), error(nil))
	check(t, "an answer without an ID", identity.check(replyOf("")), error(nil))
}

func TestAnyClusterLearnsNone(t *testing.T) {
	identity := clusterIdentity{expected: AnyCluster}
	for _, id := range []string{"a1", "b2", "a1"} {
		check(t, id, identity.check(replyOf(id)), error(nil))
	}
	identity.saw(7)
	check(t, "floor", identity.floor(), uint64(0)) // one cluster's index says nothing of another's
}

// Of answers that come at the same time one decides, for all.
func TestFirstAnswersAtOnceAgreeOnOneCluster(t *testing.T) {
	var identity clusterIdentity
	ids := []string{"a1", "b2"}
	passed := make([]error, 40)
	var calls sync.WaitGroup
	for i := range passed {
		calls.Go(func() { passed[i] = identity.check(replyOf(ids[i%2])) })
	}
	calls.Wait()
	for i, err := range passed {
		check(t, ids[i%2]+" passes as at first", err == nil, passed[i%2] == nil)
	}
	check(t, "one of the two passes", passed[0] == nil, passed[1] != nil)
}

func TestFloorIsTheHighestIndexSeen(t *testing.T) {
	var identity clusterIdentity
	for _, index := range []uint64{5, 9, 0, 7} {
		identity.saw(index)
	}
	check(t, "floor", identity.floor(), uint64(9))
	var calls sync.WaitGroup
	for index := range uint64(100) {
		calls.Go(func() { identity.saw(index) })
	}
	calls.Wait()
	check(t, "floor", identity.floor(), uint64(99))
}

// endless is a reply from another cluster whose body never ends.
func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Etcd-Cluster-Id", "cdf818194e3a8c32")
	w.(http.Flusher).Flush()
	hang(w, r)
}

// checkSoon fails if more time has passed than pauses between attempts take.
func checkSoon(t *testing.T, began time.Time) {
	t.Helper()
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWrongClusterIsFoundBeforeTheBodyIsRead(t *testing.T) {
	for name, do := range every {
		if name == "Exists" || name == "Watch" || name == "WatchOnce" {
			continue // they begin with a HEAD, which has no body
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				net.serve(t, "a", endless)
				client := net.connect(t, Config{Endpoints: []string{"http://a"}, ClusterID: "7e27652122e8b2ae"})
				began := time.Now()
				checkIs(t, do(t.Context(), client), ErrWrongCluster)
				checkSoon(t, began)
			})
		})
	}
}

// A watch's poll would wait for the body of the wrong cluster for as long as it is silent.
func TestWatchEndsAtOnceWhenAnotherClusterAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", endless)
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, ClusterID: "7e27652122e8b2ae"})
		began := time.Now()
		_, err := client.WatchOnce(t.Context(), "/k", WithAfterIndex(4))
		checkIs(t, err, ErrWrongCluster)
		checkSoon(t, began)
	})
}

func TestReadPassesOverAMemberOfAnotherCluster(t *testing.T) {
	wrong := serve(t, text(200, `{"action":"get","node":{"key":"/k","value":"wrong"}}`, "X-Etcd-Cluster-Id", "cdf818194e3a8c32"))
	right := serve(t, file("get", "/k", "right", 3))
	client := connectWith(t, Config{Endpoints: []string{wrong.url, right.url}, ClusterID: "7e27652122e8b2ae"})
	resp, err := client.Get(t.Context(), "/k")
	if err != nil || resp.Node.Value != "right" {
		t.Errorf("got %v, %v", resp, err)
	}
}

// It may have been applied, in the wrong place.
func TestWriteToAnotherClusterIsInDoubtAndGoesNoFurther(t *testing.T) {
	wrong := serve(t, text(200, `{"action":"set","node":{"key":"/k"}}`, "X-Etcd-Cluster-Id", "cdf818194e3a8c32"))
	right := serve(t, file("set", "/k", "v", 3))
	client := connectWith(t, Config{Endpoints: []string{wrong.url, right.url}, ClusterID: "7e27652122e8b2ae"})
	_, err := client.Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrWrongCluster, ErrOutcomeUnknown)
	check(t, "requests to the right one", right.got(), []string(nil))
}
