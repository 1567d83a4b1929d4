package replicate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/replicate"
	"github.com/etcdv2/client/tests/etcdtest"
)

const marker = "/_etcd2/replicate/default/marker"

// says checks what the marker says in the source.
func says(t *testing.T, source *etcd.Client, want replicate.State) {
	t.Helper()
	resp, err := source.Get(t.Context(), marker, etcd.WithQuorum())
	if err != nil {
		t.Fatal(err)
	}
	if resp.Node.Value != string(want) {
		t.Errorf("the marker says %q, want %q", resp.Node.Value, want)
	}
}

// quick is a cut-over without long waits.
var quick = replicate.CutOver{Grace: time.Millisecond, Linger: time.Millisecond}

// ttlTree has all kinds of nodes that expire. What do makes with a plus, place.wants finds without one while it is replicated.
var ttlTree = []string{"/app/a=1", "/app/b=2+", "/dir+/", "/dir/c=3", "/dir/sub/d=4+", "/dir/empty/", "/empty+/", "/plain/e=5"}

// replicated and switched are what becomes of it.
func (p place) replicated() []string {
	return []string{"/app/a=1", "/app/b=2", "/dir/c=3", "/dir/empty/", "/dir/sub/d=4", "/empty/", "/plain/e=5"}
}

func (p place) switched() []string {
	if p.dirs {
		return []string{"/app/a=1", "/app/b=2+", "/dir/+", "/dir/c=3", "/dir/empty/", "/dir/sub/d=4+", "/empty/+", "/plain/e=5"}
	}
	return []string{"/app/a=1", "/app/b=2+", "/dir/c=3+", "/dir/empty/+", "/dir/sub/d=4+", "/empty/+", "/plain/e=5"}
}

func TestCutOver(t *testing.T) {
	eachPlace(t, func(t *testing.T, source *etcd.Client, p place) {
		do(t, source, ttlTree...)
		r := running(t, replicate.Config{Source: source, Target: p.target()})
		p.wants(t, p.replicated()...)
		says(t, source, replicate.Open)

		rehearsal := quick
		if rehearsal.Rehearse = true; !testing.Short() {
			if report, err := r.CutOver(t.Context(), rehearsal); err != nil || report.Expiring == 0 {
				t.Fatalf("the rehearsal: %+v, %v", report, err)
			}
			says(t, source, replicate.Open)
			p.wants(t, p.replicated()...)
		}

		do(t, source, "/app/a=6", "/dir/c=7")
		do(t, source, "/app/a=1", "/dir/c=3")
		if report, err := r.CutOver(t.Context(), quick); err != nil || report.Expiring == 0 {
			t.Fatalf("the cut-over: %+v, %v", report, err)
		}
		if err := r.end(t); err != nil {
			t.Errorf("Run returns %v", err)
		}
		says(t, source, replicate.Switched)
		p.wants(t, p.switched()...)
		if err := running(t, replicate.Config{Source: source, Target: p.target()}).end(t); !errors.Is(err, replicate.ErrSwitched) {
			t.Errorf("afterwards, Run returns %v", err)
		}
	})
}

// A writer that does not stop makes the cut-over abort.
func TestCutOverFindsWriters(t *testing.T) {
	eachPlace(t, func(t *testing.T, source *etcd.Client, p place) {
		do(t, source, ttlTree...)
		r := running(t, replicate.Config{Source: source, Target: p.target()})
		p.wants(t, p.replicated()...)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := 0; ctx.Err() == nil; n++ {
				_, _ = source.Set(ctx, "/app/busy", strings.Repeat("x", n%7))
			}
		}()
		_, err := r.CutOver(t.Context(), quick)
		cancel()
		<-done
		if !errors.Is(err, replicate.ErrNotQuiet) || !strings.Contains(err.Error(), "/app/busy") {
			t.Errorf("the cut-over returns %v", err)
		}
		says(t, source, replicate.Open)
		do(t, source, "-/app/busy")
		p.wants(t, p.replicated()...)
	})
}

// What is written to the source after the switch is reported.
func TestLateWritesAreReported(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	eachPlace(t, func(t *testing.T, source *etcd.Client, p place) {
		do(t, source, "/a=1")
		r := running(t, replicate.Config{Source: source, Target: p.target(), Log: func(format string, _ ...any) {
			if strings.HasPrefix(format, "switched") {
				_, _ = source.Set(context.Background(), "/late", "1")
			}
		}})
		now := quick
		now.Now = true // even before it has begun
		if _, err := r.CutOver(t.Context(), now); !errors.Is(err, replicate.ErrLateWrites) || !strings.Contains(err.Error(), "/late") {
			t.Errorf("the cut-over returns %v", err)
		}
		p.wants(t, "/a=1")
	})
}

// A process that ends in the middle of a cut-over leaves it to the next one.
func TestCutOverThatIsBrokenOff(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	eachPlace(t, func(t *testing.T, source *etcd.Client, p place) {
		do(t, source, ttlTree...)
		config := replicate.Config{Source: source, Target: p.target()}
		for _, state := range []replicate.State{replicate.Stopping, replicate.Attaching} {
			r := running(t, config)
			p.wants(t, p.replicated()...)
			if err := r.BreakOff(t.Context(), state); err != nil {
				t.Fatal(err)
			}
			r.stop()
			says(t, source, replicate.Stopped)
			if state == replicate.Attaching {
				p.wants(t, p.switched()...)
			}

			config.Target = p.target()
			if err := running(t, config).end(t); !errors.Is(err, replicate.ErrInterrupted) {
				t.Errorf("in state %s: Run returns %v", state, err)
			}
			config.Continue = true
			r = running(t, config)
			copied(t, r, 0)
			if err := r.Abort(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			says(t, source, replicate.Open)
			p.wants(t, p.replicated()...)
			r.stop()
			config.Continue = false
		}

		r := running(t, config)
		copied(t, r, 0)
		if err := r.BreakOff(t.Context(), replicate.Attaching); err != nil {
			t.Fatal(err)
		}
		r.stop()
		config.Continue = true
		r = running(t, config)
		if _, err := r.CutOver(t.Context(), quick); err != nil {
			t.Fatal(err)
		}
		if err := r.end(t); err != nil {
			t.Errorf("Run returns %v", err)
		}
		p.wants(t, p.switched()...)

		if _, err := source.Set(t.Context(), marker, string(replicate.Stopped)); err != nil { // as if the last step were missing
			t.Fatal(err)
		}
		if err := running(t, config).end(t); !errors.Is(err, replicate.ErrSwitched) {
			t.Errorf("Run returns %v", err)
		}
		says(t, source, replicate.Switched)
	})
}

// A role loses what it may write while writers are to stand still.
func TestCutOverRevokesARole(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	root, target := v2(t, etcdtest.Etcd35), v3(t)
	ctx := t.Context()
	for _, err := range []error{
		root.Auth().CreateUser(ctx, "root", "secret"),
		root.Auth().CreateRole(ctx, "writers", etcd.Permissions{Read: []string{"/*"}, Write: []string{"/app/*", "/app"}}),
		root.Auth().CreateUser(ctx, "writer", "secret", "writers"),
		root.Auth().Enable(ctx),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	client := func(user string) *etcd.Client {
		client, err := etcd.New(etcd.Config{Endpoints: root.Endpoints(), Username: user, Password: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		return client
	}
	admin, writer := client("root"), client("writer")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		if err := admin.Auth().Disable(ctx); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{root.Auth().DeleteUser(ctx, "writer"), root.Auth().DeleteUser(ctx, "root"), root.Auth().DeleteRole(ctx, "writers")} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	write := func() error { _, err := writer.Set(ctx, "/app/a", "1"); return err }
	if err := write(); err != nil {
		t.Fatal(err)
	}
	r := running(t, replicate.Config{Source: admin, Target: replicate.ToV3(target, replicate.V3Options{})})
	c := quick
	c.Role, c.Rehearse = "writers", true
	if _, err := r.CutOver(ctx, c); err != nil {
		t.Fatal(err)
	}
	if err := write(); err != nil {
		t.Errorf("after the rehearsal: %v", err)
	}
	c.Rehearse = false
	if _, err := r.CutOver(ctx, c); err != nil {
		t.Fatal(err)
	}
	if err := write(); !errors.Is(err, etcd.ErrUnauthorized) {
		t.Errorf("after the switch: %v", err)
	}
}
