package replicate_test

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/replicate"
	"github.com/etcdv2/client/migrate/v3tree"
	"github.com/etcdv2/client/tests/etcdtest"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A place is a kind of target, and what can be seen there.
type place struct {
	target func() replicate.Target
	text   func(t *testing.T) string // all keys: of directories with a slash, of files with the value, and with + if they expire
	dirs   bool                      // it has directories
}

// eachPlace runs a test with a source and each kind of target.
func eachPlace(t *testing.T, test func(t *testing.T, source *etcd.Client, p place)) {
	t.Run("v3", func(t *testing.T) {
		client := v3(t)
		test(t, v2(t, etcdtest.Etcd35), place{
			target: func() replicate.Target { return replicate.ToV3(client, replicate.V3Options{Markers: true}) },
			text:   func(t *testing.T) string { return textV3(t, client) },
		})
	})
	t.Run("v2", func(t *testing.T) {
		client := v2(t, etcdtest.Etcd35)
		test(t, v2(t, etcdtest.Etcd23), place{
			target: func() replicate.Target { return replicate.ToV2(client) },
			text:   func(t *testing.T) string { return textV2(t, client, "/", "/_locks") },
			dirs:   true,
		})
	})
}

func textV3(t *testing.T, client *clientv3.Client) string {
	t.Helper()
	resp, err := client.Get(t.Context(), "/", clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, kv := range resp.Kvs {
		text := string(kv.Key)
		if !strings.HasSuffix(text, "/") {
			text += "=" + string(kv.Value)
		}
		if kv.Lease != 0 {
			text += "+"
		}
		all = append(all, text)
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

func textV2(t *testing.T, client *etcd.Client, roots ...string) string {
	t.Helper()
	var all []string
	for _, root := range roots {
		resp, err := client.Get(t.Context(), root, etcd.WithRecursive(), etcd.WithQuorum())
		if errors.Is(err, etcd.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for n := range resp.Node.Walk() {
			text := n.Key
			switch {
			case text == "/":
				continue
			case n.Dir:
				text += "/"
			default:
				text += "=" + n.Value
			}
			if !n.Expiration.IsZero() {
				text += "+"
			}
			all = append(all, text)
		}
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

// wants waits until the target has what a tree is: keys that end in a slash are directories that nothing is in.
func (p place) wants(t *testing.T, keys ...string) {
	t.Helper()
	var want []string
	for _, key := range keys {
		want = append(want, key)
		if p.dirs {
			name, _, _ := strings.Cut(key, "=")
			for at := 1; at < len(name)-1; at++ {
				if dir := name[:at] + "/"; name[at] == '/' && !slices.Contains(want, dir) && !slices.Contains(want, dir+"+") {
					want = append(want, dir)
				}
			}
		}
	}
	sort.Strings(want)
	text := strings.Join(want, " ")
	got := ""
	eventually(t, "the target has "+text, func() bool {
		if now := p.text(t); now != got {
			got = now
			t.Log("the target has ", got)
		}
		return got == text
	})
}

// do makes changes in the source: "/key=value", "/key=value+" with a TTL, "/dir/", "/dir+/", "-/key" to delete, recursively.
func do(t *testing.T, client *etcd.Client, changes ...string) (index uint64) {
	t.Helper()
	for _, text := range changes {
		var resp *etcd.Response
		var err error
		key, value, isFile := strings.Cut(text, "=")
		switch {
		case text[0] == '-':
			resp, err = client.Delete(t.Context(), text[1:], etcd.WithRecursive())
		case !isFile:
			key, ttl := strings.CutSuffix(strings.TrimSuffix(key, "/"), "+")
			resp, err = client.CreateDir(t.Context(), key, etcd.If[etcd.SetOption](ttl, etcd.WithTTL(time.Hour)))
		default:
			value, ttl := strings.CutSuffix(value, "+")
			resp, err = client.Set(t.Context(), key, value, etcd.If[etcd.SetOption](ttl, etcd.WithTTL(time.Hour)))
		}
		if err != nil {
			t.Fatal(err)
		}
		index = resp.Index
	}
	return index
}

func TestReplication(t *testing.T) {
	eachPlace(t, func(t *testing.T, source *etcd.Client, p place) {
		do(t, source, "/app/a=1", "/app/b=2+", "/app/empty/", "/app.x=3", "/_locks/l=4", "/gone/x=5")
		config := replicate.Config{Source: source, Target: p.target(), Hidden: []string{"/_locks"}}
		first := running(t, config)
		p.wants(t, "/_locks/l=4", "/app.x=3", "/app/a=1", "/app/b=2", "/app/empty/", "/gone/x=5")

		do(t, source, "/app/a=6", "/app/empty/f=7", "-/gone", "-/app/b", "/app/dir/", "-/_locks/l", "/_locks/m=8")
		p.wants(t, "/_locks/m=8", "/app.x=3", "/app/a=6", "/app/dir/", "/app/empty/f=7")
		do(t, source, "-/app/empty/f", "-/app/dir", "/app/dir=9", "-/app/a", "/app/a/x=10")
		p.wants(t, "/_locks/m=8", "/app.x=3", "/app/a/x=10", "/app/dir=9", "/app/empty/")

		first.stop() // what happens now is found by the next run
		do(t, source, "-/app", "/app=11", "-/_locks", "/new/x=12", "/app.x=13")
		config.Target = p.target()
		second := running(t, config)
		p.wants(t, "/app.x=13", "/app=11", "/new/x=12")
		do(t, source, "-/new/x", "-/app", "/app/b=14+")
		p.wants(t, "/app.x=13", "/app/b=14", "/new/")

		config.Target = p.target()
		copied(t, running(t, config), 0)
		do(t, source, "/app/c=15")
		p.wants(t, "/app.x=13", "/app/b=14", "/app/c=15", "/new/")
		do(t, source, "/app/c=16")
		if err := second.end(t); !errors.Is(err, replicate.ErrFenced) {
			t.Errorf("the run that was overtaken: %v", err)
		}
		p.wants(t, "/app.x=13", "/app/b=14", "/app/c=16", "/new/")
	})
}

func TestRefusals(t *testing.T) {
	eachPlace(t, func(t *testing.T, source *etcd.Client, p place) {
		do(t, source, "/app/a=1")
		config := replicate.Config{Source: source, Target: p.target()}
		first := running(t, config)
		copied(t, first, 1)
		first.stop()

		config.Target, config.Name = p.target(), "other"
		if err := running(t, config).end(t); !errors.Is(err, replicate.ErrNotEmpty) {
			t.Errorf("a target with keys: %v", err)
		}
		config.Adopt = true
		copied(t, running(t, config), 0)
	})
}

func TestRootsThatAreRefused(t *testing.T) {
	for _, roots := range [][2][]string{
		{{"app"}}, {{"/app/"}}, {{"/", "/app"}}, {{"/app"}, {"/app"}}, {{"/_etcd2"}}, {{"/"}, {"/_a", "/_a/b"}}, {{"/_etcd2/x"}},
	} {
		config := replicate.Config{Source: new(etcd.Client), Target: replicate.ToV2(new(etcd.Client)), Dirs: roots[0], Hidden: roots[1]}
		if _, err := replicate.New(config); err == nil {
			t.Errorf("%q is not refused", roots)
		}
	}
	config := replicate.Config{Source: new(etcd.Client), Target: replicate.ToV2(new(etcd.Client)), Dirs: []string{"/", "/_b/x"}, Hidden: []string{"/_a", "/x/_c", "/_a/_d"}}
	if _, err := replicate.New(config); err != nil {
		t.Error(err)
	}
}

func TestMappedDirectories(t *testing.T) {
	client, source := v3(t), v2(t, etcdtest.Etcd35)
	m, err := v3tree.ParseMapping("/=/all/", "/app=/x/")
	if err != nil {
		t.Fatal(err)
	}
	do(t, source, "/app/a=1", "/app/_s/h=2", "/other=3")
	if _, err := client.Put(t.Context(), "/all/other", "not ours"); err != nil {
		t.Fatal(err)
	}
	running(t, replicate.Config{
		Source: source, Dirs: []string{"/app"}, Hidden: []string{"/app/_s"}, Target: replicate.ToV3(client, replicate.V3Options{Mapping: m}),
	})
	p := place{text: func(t *testing.T) string { return textV3(t, client) }}
	p.wants(t, "/all/other=not ours", "/x/_s/h=2", "/x/a=1")
}

func TestValuesThatAreTooLong(t *testing.T) {
	client, source := v3(t), v2(t, etcdtest.Etcd35)
	do(t, source, "/app/a=1")
	config := replicate.Config{Source: source, Target: replicate.ToV3(client, replicate.V3Options{})}
	r := running(t, config)
	copied(t, r, 1)
	do(t, source, "/app/long="+strings.Repeat("x", 2<<20))
	if err := r.end(t); !errors.Is(err, v3tree.ErrTooLarge) {
		t.Errorf("Run ends with %v", err)
	}
}

// Lag shows that the source cannot be reached.
func TestLagGrowsWithoutTheSource(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	client, source := v3(t), v2(t, etcdtest.Etcd35)
	index := do(t, source, "/a=1")
	r := running(t, replicate.Config{Source: source, Target: replicate.ToV3(client, replicate.V3Options{})})
	copied(t, r, index)
	member := servers[etcdtest.Etcd35].cluster.Members()[0]
	if err := member.Freeze(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the lag is seconds", func() bool { return r.Stats().Lag > 4*time.Second })
	if err := member.Thaw(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the lag is small again", func() bool { return r.Stats().Lag < 3*time.Second })
}
