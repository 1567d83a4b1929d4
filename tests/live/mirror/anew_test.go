package mirror_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// A cluster is made anew at the same addresses, so it has the same ID, and passes the index that a program has
// stored. A watch that resumes there would miss what was written before that index.
func TestResumeOnAClusterMadeAnew(t *testing.T) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			r := newRestored(t, version)
			var stored []byte
			connect := func(t *testing.T) *etcd.Client {
				return live.Connect(t, etcd.Config{Endpoints: []string{"http://" + r.addr}})
			}
			t.Run("before", func(t *testing.T) {
				client := connect(t)
				r.serve(t, client, "data")
				last := must(t)(client.Set(t.Context(), "/dir/key", "handled"))
				var err error
				if stored, err = json.Marshal(last); err != nil {
					t.Fatal(err)
				}
			})
			t.Run("made anew", func(t *testing.T) {
				writer := connect(t)
				r.serve(t, writer, "other")
				var last etcd.Response
				if err := json.Unmarshal(stored, &last); err != nil {
					t.Fatal(err)
				}
				now := must(t)(writer.Set(t.Context(), "/dir/missed", ""))
				for now.Index <= last.Index {
					now = must(t)(writer.Set(t.Context(), "/dir/later", ""))
				}
				if now.ClusterID != last.ClusterID {
					t.Fatalf("the cluster has the ID %s, and had %s", now.ClusterID, last.ClusterID)
				}
				event, err := connect(t).WatchOnce(soon(t), "/dir", etcd.WithRecursive(), etcd.WithAfterResponse(&last))
				if !errors.Is(err, etcd.ErrClusterRolledBack) {
					t.Errorf("it yields %+v, %v", event, err)
				}
			})
		})
	}
}
