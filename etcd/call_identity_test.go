package etcd

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

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
	const event = `{"action":"get","node":{"key":"/k","value":"wrong"}}`
	wrong := serve(t, text(200, event, "X-Etcd-Cluster-Id", "cdf818194e3a8c32"))
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
