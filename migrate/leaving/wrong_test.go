package leaving_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/etcdv2/client/migrate/internal/entries"
	"github.com/etcdv2/client/tests/etcdtest"
)

// What the check finds, and what 3.6 says.
const (
	inLog      = "detected custom v2 content in WAL records"
	inSnapshot = "detected custom content in v2store"
	panics     = "panic: detected disallowed v2 WAL for stage --v2-deprecation=write-only"
	refuses    = "detected disallowed custom content in v2store for stage --v2-deprecation=write-only"
)

// brief are those that a short run takes: one for each thing that 3.6 says.
var brief = map[string]bool{"straight to 3.6": true, "v2 on again after the snapshot": true, "nothing deleted": true}

// Each leaves out a step of docs/leaving.md, or takes two in the wrong order.
func TestWrongOrder(t *testing.T) {
	off, snapshot := etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1)
	for name, take := range map[string]func(*journey){
		"straight to 3.6": func(j *journey) { j.refused(inLog, panics) },
		"deleted only":    func(j *journey) { j.deleteAll(); j.refused(inLog, panics) },
		"no snapshot": func(j *journey) {
			j.deleteAll()
			j.restart(off)
			j.refused(inLog, panics)
		},
		"v2 on at the snapshot": func(j *journey) { // and a probe comes, here the one that a start waits for
			j.deleteAll()
			j.restart(snapshot)
			j.refused(inLog, panics)
		},
		"v2 on again after the snapshot": func(j *journey) {
			j.deleteAll()
			j.restart(off, snapshot)
			j.restart()
			j.refused(inLog, panics)
		},
		"nothing deleted": func(j *journey) {
			j.restart(off, snapshot)
			j.refused(inSnapshot, refuses)
		},
		"a key left": func(j *journey) {
			j.deleteAll("/other")
			j.restart(off, snapshot)
			j.refused(inSnapshot, refuses)
		},
		"users left": func(j *journey) {
			j.deleteAll()
			j.must(j.client.Auth().CreateUser(j.Context(), "root", "secret"))
			j.restart(off, snapshot)
			j.refused(inSnapshot, refuses)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !brief[name] {
				t.Skip("a few do for a short run")
			}
			t.Parallel()
			j := begin(t, 1)
			take(j)
			if !testing.Short() {
				j.recover()
			}
		})
	}
}

// Neither the check nor 3.6 finds hidden keys: they are lost silently.
func TestHiddenKeysAreLostSilently(t *testing.T) {
	t.Parallel()
	j := begin(t, 1)
	j.deleteAll("/_locks")
	if _, err := j.client.Get(t.Context(), "/_locks/l"); err != nil {
		t.Fatal(err)
	}
	j.restart(etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1))
	if err := j.upgrade(); err != nil {
		t.Error(err)
	}
}

// The flag alone does not make the log quiet if a key with a TTL is left, be it hidden.
func TestKeysWithATTLOutliveTheFlag(t *testing.T) {
	if testing.Short() {
		t.Skip("the log grows twice a second")
	}
	t.Parallel()
	j := begin(t, 1)
	j.restart(etcdtest.WithoutV2())
	growing(t, j.cluster.Endpoints()[0])
}

// A 3.6 member ends when a member that still serves v2 is asked what leaves an entry.
func TestOneMemberThatServesV2EndsThoseOf36(t *testing.T) {
	if testing.Short() {
		t.Skip("rolling through three members takes its time")
	}
	t.Parallel()
	j := begin(t, 3)
	j.deleteAll()
	j.restart(etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1))
	first, last := j.cluster.Members()[0], j.cluster.Members()[2]
	j.must(first.Stop())
	j.must(restarted(t.Context(), first, j.v36()))
	j.must(last.Stop())
	j.must(restarted(t.Context(), last)) // with v2, and a quorum read
	entries.Eventually(t, func() error {
		if _, err := connect(t, first.URL()).Version(t.Context()); err == nil {
			return errNotYet
		}
		return nil
	})
	if err := restarted(t.Context(), first, j.v36()); err == nil {
		t.Error("3.6 starts again")
	}
	j.recover()
}

// What --v2-deprecation says does not help.
func TestFlagsOf36(t *testing.T) {
	if testing.Short() {
		t.Skip("the flags of 3.6 do not change often")
	}
	t.Parallel()
	j := begin(t, 1)
	m := j.cluster.Members()[0]
	j.must(m.Stop())
	j.ends("flag provided but not defined: -enable-v2", "--enable-v2")
	j.ends(panics, "--v2-deprecation=write-only-skip-check")
	j.ends(panics, "--v2-deprecation=write-only-drop-data")
	j.must(restarted(t.Context(), m, etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1)))
	j.must(m.Stop())
	j.ends("detected disallowed custom content in v2store", "--v2-deprecation=write-only-drop-data")
	flags, addr := j.flagsOf36()
	etcdtest.RunBeside(t, addr, etcdtest.Build(t, etcdtest.Etcd36), append(flags, "--v2-deprecation=write-only-skip-check")...)
	entries.Eventually(t, func() error {
		_, err := v3(t.Context(), "http://"+addr, "kv/range", map[string]string{"key": b64("/")})
		return err
	})
}

// ends checks that 3.6, on the data of the first member, ends by itself and says why.
func (j *journey) ends(why string, flag string) {
	j.Helper()
	flags, _ := j.flagsOf36()
	ctx, cancel := context.WithTimeout(j.Context(), startLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, etcdtest.Build(j.T, etcdtest.Etcd36), append(flags, flag)...).CombinedOutput()
	if err == nil || ctx.Err() != nil || !strings.Contains(string(out), why) {
		j.Errorf("3.6 with %s: %v, want that it ends with %q", flag, err, why)
	}
}

// flagsOf36 returns what to start 3.6 with on the data of the first member, and where it serves clients then.
func (j *journey) flagsOf36() (flags []string, addr string) {
	j.Helper()
	m, addr := j.cluster.Members()[0], etcdtest.FreeAddr(j.T)
	return []string{
		"--name=" + m.Name(), "--data-dir=" + m.DataDir(), "--listen-client-urls=http://" + addr, "--advertise-client-urls=http://" + addr,
		"--listen-peer-urls=" + m.PeerURL(), "--initial-advertise-peer-urls=" + m.PeerURL(), "--initial-cluster=" + m.Name() + "=" + m.PeerURL(),
	}, addr
}
