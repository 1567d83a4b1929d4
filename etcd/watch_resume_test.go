package etcd

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/etcdv2/client/internal/errs"
)

// A program stores the last response as JSON and resumes after it when it has been restarted.
func TestWatchResumesAfterAStoredResponse(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(e *fakeEtcd)
		want      string
	}{
		"the same cluster": {func(e *fakeEtcd) { e.set("/d/next") }, "set /d/next@12"},
		"another cluster, past the index": {
			func(e *fakeEtcd) { e.wipe(func() { e.id = "cdf818194e3a8c32"; e.fill(30) }) },
			errs.Bare(ErrWrongCluster).Error(),
		},
		"a cluster made anew under the same ID, past the index": {
			func(e *fakeEtcd) { e.wipe(func() { e.fill(30); e.set("/d/next") }) },
			errs.Bare(ErrClusterRolledBack).Error(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				e.fill(10)
				e.set("/d/k")
				last, err := e.connect(t, Config{}).Get(t.Context(), "/d/k")
				if err != nil {
					t.Fatal(err)
				}
				stored, err := json.Marshal(last)
				if err != nil {
					t.Fatal(err)
				}
				test.meanwhile(e)

				var read Response
				if err := json.Unmarshal(stored, &read); err != nil {
					t.Fatal(err)
				}
				check(t, "response", &read, last)
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), WithAfterResponse(&read))
				if got := strings.Join(w.take(t, 1), ""); !strings.Contains(got, test.want) {
					t.Errorf("it yields %q, want %q", got, test.want)
				}
				w.end(t)
			})
		})
	}
}

// A response of this client is of the cluster that the client knows.
func TestWatchAfterAResponseOfItsClientLooksAtNoHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.set("/d/k")
		client := e.connect(t, Config{})
		last, err := client.Get(t.Context(), "/d/k")
		if err != nil {
			t.Fatal(err)
		}
		w := startWatch(t, client, "/d", WithRecursive(), WithAfterResponse(last))
		index := e.set("/d/next")
		check(t, "events", w.take(t, 1), sets("/d/next", index, index))
		check(t, "looks", e.members[0].got("GET /v2/keys/d/k?quorum"), []string(nil))
		w.end(t)
	})
}
