package examples

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
)

func TestBackup(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		client := connect(t, cluster)
		ctx, ok := t.Context(), must[*etcd.Response](t)
		ok(client.Set(ctx, "/config/name", "<Zoë> & \"co\"\n"))
		ok(client.Set(ctx, "/config/session", "ann", etcd.WithTTL(time.Hour)))
		ok(client.CreateDir(ctx, "/config/empty"))
		ok(client.CreateDir(ctx, "/config/short", etcd.WithTTL(2*time.Hour)))
		ok(client.Set(ctx, "/config/short/leaf", ""))
		before := tree(t, client, "/config")

		save := start(t, cluster, "backup", "save", "/config")
		save.succeeds()
		restore := func(args ...string) *program {
			t.Helper()
			p := startWith(t, func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader(save.text()) }, cluster, "backup", args...)
			p.succeeds()
			return p
		}
		ok(client.Delete(ctx, "/config", etcd.WithRecursive()))
		restore("restore").expect("restored: 6 nodes")
		if after := tree(t, client, "/config"); !maps.Equal(before, after) {
			t.Errorf("before:\n%v\nafter:\n%v", before, after)
		}
		for key, limit := range map[string]time.Duration{"/config/session": time.Hour, "/config/short": 2 * time.Hour} {
			if ttl := ok(client.Get(ctx, key)).Node.TTL; ttl <= 0 || ttl > limit {
				t.Errorf("%s lives for %v", key, ttl)
			}
		}

		ok(client.Set(ctx, "/config/session", "bob"))
		restore("-keep", "restore").expect("kept: /config/session")
		if now, _ := value(t, client, "/config/session"); now != "bob" {
			t.Errorf("the key that exists is now %s", now)
		}
		restore("restore")
		if now, _ := value(t, client, "/config/session"); now != "ann" {
			t.Errorf("the key that exists is still %s", now)
		}

		restore("-to", "/copy", "restore")
		if copied := tree(t, client, "/copy"); !maps.Equal(before, copied) {
			t.Errorf("before:\n%v\nat another place:\n%v", before, copied)
		}
		save = start(t, cluster, "backup", "save", "/")
		save.succeeds()
		restore("-to", "/all", "restore")
		if copied := tree(t, client, "/all/config"); !maps.Equal(before, copied) {
			t.Errorf("before:\n%v\nbelow another root:\n%v", before, copied)
		}
	})
}

// tree returns what is below a directory, and whether it expires.
func tree(t *testing.T, client *etcd.Client, dir string) map[string]string {
	t.Helper()
	nodes := map[string]string{}
	for node := range must[*etcd.Response](t)(client.Get(t.Context(), dir, etcd.WithRecursive())).Node.Walk() {
		key := strings.TrimPrefix(node.Key, dir)
		nodes[key] = node.Value
		if node.Dir {
			nodes[key] += "(directory)"
		}
		if !node.Expiration.IsZero() {
			nodes[key] += "(expires)"
		}
	}
	return nodes
}

func TestSecure(t *testing.T) {
	t.Parallel()
	ca := etcdtest.NewCA(t)
	// Etcd hashes the password of every request. In this process the race detector would make that take seconds.
	cluster := etcdtest.Start(t, etcdtest.WithClientCertAuth(ca), etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd35)))
	cert := ca.ClientCert("root")
	tls, err := etcd.TLSFiles{CA: ca.File(), Cert: cert.CertFile, Key: cert.KeyFile}.Config()
	if err != nil {
		t.Fatal(err)
	}
	root, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints(), TLS: tls, Username: "root", Password: "root's"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	auth := root.Auth()
	for _, err := range []error{
		auth.CreateUser(t.Context(), "root", "root's"),
		auth.CreateRole(t.Context(), "app", etcd.Permissions{Read: []string{"/app/*"}}),
		auth.CreateUser(t.Context(), "app", "secret", "app"),
		auth.Enable(t.Context()),
		auth.DeleteRole(t.Context(), "guest"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	set := func(value string) {
		t.Helper()
		must[*etcd.Response](t)(root.Set(t.Context(), "/app/level", value))
	}
	set("info")

	dir := t.TempDir()
	install := func(cert etcdtest.Cert) {
		t.Helper()
		for from, to := range map[string]string{cert.CertFile: "client.crt", cert.KeyFile: "client.key"} {
			text := must[[]byte](t)(os.ReadFile(from))
			if err := os.WriteFile(filepath.Join(dir, to), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	app := func(password string) *program {
		t.Helper()
		return startWith(t, func(cmd *exec.Cmd) {
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "ETCD_PASSWORD="+password)
		}, cluster, "secure", "-ca", ca.File())
	}

	install(etcdtest.NewCA(t).ClientCert("app")) // of an authority that the cluster does not know
	p := app("secret")
	p.expect("tls: unknown certificate authority")
	install(ca.ClientCert("app"))
	p.expect("get /app/level info")
	set("debug")
	p.expect("set /app/level debug")

	member := cluster.Members()[0]
	if err := member.Stop(); err != nil {
		t.Fatal(err)
	}
	install(ca.ClientCert("app"))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := member.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	set("warn")
	p.expect("set /app/level warn")
	p.stop()

	app("guessed").fails("Insufficient credentials")
}

func TestPrometheus(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t)
	p := start(t, cluster, "prometheus", "-listen", "127.0.0.1:0")
	metrics := "http://" + p.address() + "/metrics"
	for _, line := range []string{
		`etcd_attempt_duration_seconds_count{endpoint="` + cluster.Endpoints()[0] + `",method="GET",outcome="answered"} `,
		"etcd_mirror_age_seconds ",
	} {
		eventually(t, line, func() bool { return strings.Contains(fetch(t, metrics), line) })
	}
	if err := cluster.Members()[0].Stop(); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`etcd_member_failures_total{endpoint="` + cluster.Endpoints()[0] + `"} `,
		`etcd_watch_reopened_total{key="/config"} `,
	} {
		eventually(t, line, func() bool { return strings.Contains(fetch(t, metrics), line) })
	}
	p.stop()
}

func TestOpenTelemetry(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t)
	p := start(t, cluster, "opentelemetry", "-every", "100ms")
	p.expect(`"etcd.mirror.age"`)
	p.stop()
	for _, text := range []string{`"etcd.attempt.duration"`, `"url.path"`, `"/v2/keys/config"`, cluster.Endpoints()[0]} {
		if !strings.Contains(p.text(), text) {
			t.Errorf("nothing says %s", text)
		}
	}
}
