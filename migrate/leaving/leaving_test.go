package leaving_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/etcdv2/client/migrate/internal/entries"
	"github.com/etcdv2/client/tests/etcdtest"
)

// The steps of docs/leaving.md, in their order.
func TestLeaving(t *testing.T) {
	for _, members := range []int{1, 3} {
		t.Run(fmt.Sprint(members), func(t *testing.T) {
			if members > 1 && testing.Short() {
				t.Skip("rolling through three members takes its time")
			}
			t.Parallel()
			j := begin(t, members)
			j.copyToV3()
			j.deleteAll()
			j.restart(etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1))
			if err := j.upgrade(); err != nil {
				t.Fatal(err)
			}
			j.serves36()
		})
	}
}

// The other way on the same machines: a member restored from a v3 snapshot has nothing of v2, whatever was left there.
func TestRestoreLeavesV2Behind(t *testing.T) {
	t.Parallel()
	j := begin(t, 1)
	j.copyToV3()
	old := j.cluster.Members()[0]
	j.must(old.Stop())
	client, peer := etcdtest.FreeAddr(t), "http://"+etcdtest.FreeAddr(t)
	dir := filepath.Join(t.TempDir(), "restored")
	out, err := exec.CommandContext(t.Context(), etcdtest.BuildEtcdutl(t), "snapshot", "restore", "--skip-hash-check",
		filepath.Join(old.DataDir(), "member", "snap", "db"), "--data-dir", dir,
		"--name=m1", "--initial-cluster=m1="+peer, "--initial-advertise-peer-urls="+peer).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := entries.Check(t, dir); err != nil {
		t.Error(err)
	}
	endpoint := "http://" + client
	etcdtest.RunBeside(t, client, etcdtest.Build(t, etcdtest.Etcd36), "--name=m1", "--data-dir="+dir,
		"--listen-client-urls="+endpoint, "--advertise-client-urls="+endpoint,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=m1="+peer)
	entries.Eventually(t, func() error {
		_, err := v3(t.Context(), endpoint, "kv/range", map[string]string{"key": b64("/")})
		return err
	})
	has(t, endpoint)
}
