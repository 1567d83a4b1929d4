package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/seed"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
)

// A tree with everything odd goes from each kind of server to each other, and arrives equal.
func TestExportImportVerify(t *testing.T) {
	nodes := seed.Nodes(300)
	for _, from := range []etcdtest.Version{etcdtest.Etcd23, etcdtest.Etcd35} {
		t.Run(string(from), func(t *testing.T) {
			t.Parallel()
			_, source := cluster(t, from)
			plant(t, source, nodes)
			file := file(t)
			contains(t, etcd2(t, 0, hidden("export", "--from", source, "--out", file)...), "nodes, etcd index", "U+FFFD")
			contains(t, etcd2(t, 0, "verify", file, source), "0 differences")

			_, target := cluster(t, etcdtest.Etcd35)
			contains(t, etcd2(t, 1, "verify", file, target), "missing", "only in A")
			contains(t, etcd2(t, 0, "import", "--dry-run", "--to", target, file), "nothing was written", "created")
			etcd2(t, 1, "verify", file, target)
			contains(t, etcd2(t, 0, "import", "--to", target, file), "created, 0 replaced", "0 failed")
			contains(t, etcd2(t, 0, "import", "--to", target, file, "--policy", "compare"), "0 created, 0 replaced")
			etcd2(t, 0, "verify", file, target)
			etcd2(t, 0, hidden("verify", source, target)...)

			client := connect(t, target)
			for key, value := range map[string]string{"/odd/empty": "x", "/new": "secret"} {
				if _, err := client.Set(t.Context(), key, value); err != nil {
					t.Fatal(err)
				}
			}
			out := etcd2(t, 1, "verify", file, target)
			contains(t, out, `extra   "/new"  file of 6 bytes`, `value   "/odd/empty"  0 bytes / 1 byte`, "2 differences (1 extra, 1 value)")
			if strings.Contains(out, "secret") {
				t.Error("verify prints a value")
			}
		})
	}
}

func TestImportIntoV3(t *testing.T) {
	_, source := cluster(t, etcdtest.Etcd23)
	_, target := cluster(t, etcdtest.Etcd36)
	plant(t, source, seed.Nodes(300))
	file := file(t)
	etcd2(t, 0, hidden("export", "--from", source, "--out", file)...)
	flags := []string{"--map", "/=v2/", "--map", "/odd=odd/", "--markers"}
	with := func(args ...string) []string { return append(args, flags...) }
	contains(t, etcd2(t, 0, with("import", "--to-v3", target, file, "--dry-run")...), "nothing was written")
	contains(t, etcd2(t, 1, with("verify", file, "v3:"+target)...), "missing")
	contains(t, etcd2(t, 0, with("import", "--to-v3", target, file)...), "expire")
	contains(t, etcd2(t, 0, with("verify", file, "v3:"+target)...), "0 differences")
	contains(t, etcd2(t, 0, hidden(with("verify", "v3:"+target, source)...)...), "0 differences")
	contains(t, etcd2(t, 1, "import", "--to-v3", target, file, "--map", "/tree=x/"), "nothing was written")
	contains(t, etcd2(t, 1, with("verify", "--tolerance", "0s", file, "v3:"+target)...), "ttl")
}

// An export that is interrupted anywhere goes on, and says that it is not a point in time.
func TestExportGoesOn(t *testing.T) {
	_, source := cluster(t, etcdtest.Etcd35)
	client := plant(t, source, seed.Nodes(200))
	file := file(t)
	args := hidden("export", "--from", source, "--out", file)
	etcd2(t, 0, args...)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, etcd2(t, 2, args...), "--force")
	for _, n := range []int{0, 10, 300, len(whole) / 2, len(whole) - 1, len(whole)} {
		if err := errors.Join(os.Remove(file), os.WriteFile(dump.Partial(file), whole[:n], 0o600)); err != nil {
			t.Fatal(err)
		}
		out := etcd2(t, 0, args...)
		switch n {
		case 300, len(whole) / 2, len(whole) - 1:
			contains(t, out, "going on with", "not a point in time")
		case len(whole):
			contains(t, out, "complete except for its name")
		}
		etcd2(t, 0, "verify", file, source)
	}
	if err := os.WriteFile(dump.Partial(file), whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	contains(t, etcd2(t, 2, "export", "--force", "--from", source, "--out", file), "is of another export: --root / --hidden")
	if _, err := client.Set(t.Context(), "/odd/new", "1"); err != nil {
		t.Fatal(err)
	}
	contains(t, etcd2(t, 0, append(args, "--force", "--one-index")...), "etcd index")
	etcd2(t, 0, "verify", file, source)
}

func TestExportWithoutACluster(t *testing.T) {
	c, source := cluster(t, etcdtest.Etcd35)
	plant(t, source, seed.Nodes(0))
	if err := c.Members()[0].Stop(); err != nil {
		t.Fatal(err)
	}
	file := file(t)
	etcd2(t, 3, "export", "--from", source, "--out", file)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	etcd2With(ctx, t, 3, "export", "--from", source, "--out", file)
}

func TestExportSaysWhatItLacks(t *testing.T) {
	_, source := cluster(t, etcdtest.Etcd35)
	client := plant(t, source, []dump.Node{{Key: "/a", Value: "1"}})
	contains(t, etcd2(t, 0, "export", "--from", source, "--out", file(t)), "No hidden keys were asked for")
	for _, key := range []string{"/_locks/x", "/_coreos.com/fleet/y"} {
		if _, err := client.Set(t.Context(), key, "1"); err != nil {
			t.Fatal(err)
		}
	}
	contains(t, etcd2(t, 0, "export", "--from", source, "--out", file(t)), "/_locks exists and is not", "--hidden /_coreos.com exports it")
	out := etcd2(t, 0, "export", "--from", source, "--out", file(t), "--hidden", "_locks", "--hidden", "/_coreos.com")
	if strings.Contains(out, "hidden") {
		t.Errorf("nothing hidden is left out, and export says\n%s", out)
	}
}

// Import writes nothing of a file that is cut off, changed, or of which the target cannot store a part.
func TestImportRefusesFiles(t *testing.T) {
	_, source := cluster(t, etcdtest.Etcd35)
	client := plant(t, source, []dump.Node{{Key: "/dir", Dir: true}, {Key: "/dir/a", Value: "1"}})
	good := file(t)
	etcd2(t, 0, "export", "--from", source, "--out", good)
	if _, err := client.Delete(t.Context(), "/dir", etcd.WithRecursive()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text []byte
		code int
		says string
	}{
		"cut":     {text[:len(text)-5], 3, "not complete"},
		"empty":   {nil, 3, "not complete"},
		"foreign": {[]byte("PK\x03\x04\n"), 3, "header"},
		"changed": {slices.Concat(text[:len(text)/2], []byte(" "), text[len(text)/2:]), 3, ""},
	} {
		bad := file(t)
		if err := os.WriteFile(bad, test.text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out := etcd2(t, test.code, "import", "--to", source, bad); !strings.Contains(out, test.says) {
			t.Errorf("a file that is %s: %q is not in\n%s", name, test.says, out)
		}
	}
	binary := file(t)
	f, err := dump.Create(binary, dump.Header{Root: "/"})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []dump.Node{{Key: "/a", Value: "1"}, {Key: "/b", Value: "\xff"}, {Key: "/c/../d"}} {
		err = errors.Join(err, f.Write(n))
	}
	if err := errors.Join(err, f.Close(dump.Footer{})); err != nil {
		t.Fatal(err)
	}
	contains(t, etcd2(t, 1, "import", "--to", source, binary), `"/b"`, `"/c/../d"`, "cannot store 2 nodes", "nothing was written")
	etcd2(t, 3, "import", "--to", source, file(t)+".none")
	if resp, err := client.Get(t.Context(), "/"); err != nil || len(resp.Node.Nodes) > 0 {
		t.Errorf("something was written: %v (%v)", resp, err)
	}
}

// The server changes during the export, behind its third read.
func TestExportSaysThatTheTreeChanged(t *testing.T) {
	c, source := cluster(t, etcdtest.Etcd23)
	client := plant(t, source, []dump.Node{
		{Key: "/a", Dir: true, Expires: time.Now().Add(time.Hour)}, {Key: "/a/b", Dir: true}, {Key: "/a/c", Dir: true}, {Key: "/a/c/d", Value: "1"},
	})
	proxy := faultproxy.New(t, c.Members()[0].URL())
	proxy.Use(func(r *http.Request) faultproxy.Fault {
		if strings.HasSuffix(r.URL.Path, "/a/c") {
			if _, err := client.Set(t.Context(), "/a/b/late", "1"); err != nil {
				t.Error(err)
			}
		}
		return faultproxy.Pass
	})
	file := file(t)
	out := etcd2(t, 0, "export", "--from", proxy.URL(), "--out", file)
	contains(t, out, "The tree changed during the export", "not a point in time")
	contains(t, etcd2(t, 0, "import", "--to", source, file), "is not a point in time")
	out = etcd2(t, 0, "export", "--from", source, "--out", file, "--force", "--one-index", "--root", "/a/c")
	contains(t, out, `the directory "/a" expires`)
	if strings.Contains(out, "point in time") {
		t.Errorf("nothing changed, and export says\n%s", out)
	}
}

func TestTLSAndPasswords(t *testing.T) {
	ca := etcdtest.NewCA(t)
	c := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)), etcdtest.WithClientCertAuth(ca))
	cert := ca.ClientCert("etcd2")
	flags := []string{"--cacert", ca.File(), "--cert", cert.CertFile, "--key", cert.KeyFile}
	tls, err := etcd.TLSFiles{CA: ca.File(), Cert: cert.CertFile, Key: cert.KeyFile}.Config()
	if err != nil {
		t.Fatal(err)
	}
	client, err := etcd.New(etcd.Config{Endpoints: c.Endpoints(), TLS: tls})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	ctx, auth := t.Context(), client.Auth()
	if _, err = client.Set(ctx, "/a", "1"); err != nil {
		t.Fatal(err)
	}
	etcd2(t, 0, append([]string{"export", "--from", c.Endpoints()[0], "--out", file(t)}, flags...)...)
	if testing.Short() {
		return // each call with a password costs the server a tenth of a second or more
	}
	err = errors.Join(auth.CreateUser(ctx, "root", "secret"), auth.Enable(ctx))
	for errors.Is(err, etcd.ErrAuthNotReady) { // the members have not agreed on their version yet
		err = errors.Join(auth.CreateUser(ctx, "root", "secret"), auth.Enable(ctx))
	}
	if err != nil {
		t.Fatal(err)
	}
	file, password := file(t), file(t)
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags = append(flags, "--user", "root", "--password-file", password)
	etcd2(t, 0, append([]string{"export", "--from", c.Endpoints()[0], "--out", file}, flags...)...)
	etcd2(t, 0, append([]string{"import", "--to", c.Endpoints()[0], file}, flags...)...)
	etcd2(t, 0, append([]string{"verify", file, c.Endpoints()[0]}, flags...)...)
	etcd2(t, 3, "import", "--to", c.Endpoints()[0], file) // without a certificate
	t.Setenv("ETCD2_PASSWORD", "wrong")
	contains(t, etcd2(t, 3, append([]string{"verify", file, c.Endpoints()[0], "--user", "root"}, flags[:6]...)...), "Insufficient credentials")
}

// Of three members, one hangs and one is gone.
func TestExportWithoutSomeMembers(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for members that hang")
	}
	c := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd35)), etcdtest.WithMembers(3))
	nodes := seed.Nodes(200)
	plant(t, c.Endpoints()[0], nodes)
	all, file := strings.Join(c.Endpoints(), ","), file(t)
	if _, err := connect(t, c.Endpoints()[2]).Get(t.Context(), "/", etcd.WithQuorum()); err != nil { // it has everything then
		t.Fatal(err)
	}
	if err := errors.Join(c.Members()[0].Freeze(), c.Members()[1].Stop()); err != nil {
		t.Fatal(err)
	}
	// Without a majority, the last member still answers from its copy.
	out := etcd2(t, 0, hidden("export", "--from", all, "--out", file, "--attempt-timeout", "1s")...)
	contains(t, out, c.Endpoints()[0]+" does not tell its index", c.Endpoints()[1]+" does not tell its index")
	etcd2(t, 0, "verify", file, c.Endpoints()[2])
	if err := errors.Join(c.Members()[0].Thaw(), c.Members()[1].Restart(t.Context())); err != nil {
		t.Fatal(err)
	}
	etcd2(t, 0, "verify", file, all)
}
