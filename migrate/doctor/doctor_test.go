package doctor_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/doctor"
	"github.com/etcdv2/client/migrate/internal/entries"
	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

func connect(endpoints ...string) (*etcd.Client, error) {
	return etcd.New(etcd.Config{Endpoints: endpoints})
}

func client(t *testing.T, endpoints ...string) *etcd.Client {
	t.Helper()
	c, err := connect(endpoints...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// examine lets the world go on between the two looks, if meanwhile is not nil.
func examine(t *testing.T, meanwhile func(), endpoints ...string) *doctor.Report {
	t.Helper()
	between := &between{looks: int32(len(endpoints)), do: meanwhile}
	r, err := doctor.Examine(t.Context(), doctor.Options{
		Endpoints: endpoints, Connect: connect, HTTPClient: &http.Client{Transport: between}, Interval: time.Millisecond, LargestValue: 1000,
		Maps: func(key string) bool { return key != "/unmapped" },
	})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", &text)
	return r
}

// between is the transport for /metrics, the last thing that is asked of each member at a look. When all have answered
// at the first look, it does something.
type between struct {
	looks int32
	do    func()
	asked atomic.Int32
}

func (b *between) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(text))
	if b.asked.Add(1) == b.looks && b.do != nil {
		b.do()
	}
	return resp, err
}

// want checks that the findings are those, each known by a part of it.
func want(t *testing.T, r *doctor.Report, parts ...string) {
	t.Helper()
	found := r.Findings()
	for _, part := range parts {
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, part) }) {
			t.Errorf("no finding has %q", part)
		}
	}
	for _, f := range found {
		if !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(f, part) }) {
			t.Errorf("there is a finding that is not wanted: %s", f)
		}
	}
}

const servesV2 = "V2 is served at "

// The examination must not bring about what it warns of.
func TestLeavesNoEntry(t *testing.T) {
	t.Parallel()
	server := entries.Start(t)
	before := entries.Index(t, server.URL)
	for range 2 { // the second finds nothing that the first has done
		want(t, examine(t, nil, server.URL), servesV2)
	}
	if after := entries.Index(t, server.URL); after != before {
		t.Errorf("the log grows from %d to %d", before, after)
	}
	if err := entries.Check(t, server.DataDir); err != nil {
		t.Error(err)
	}
	client := client(t, server.URL)
	if _, err := client.Health(t.Context()); err != nil { // the check finds an entry if there is one
		t.Fatal(err)
	}
	if err := entries.Check(t, server.DataDir); err == nil {
		t.Error("the check does not find the entry of a /health")
	}
	// It leaves none where there are keys and users, either.
	for _, key := range []string{"/a", "/b/c", "/_locks/l"} {
		if _, err := client.Set(t.Context(), key, "1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Auth().CreateUser(t.Context(), "someone", "secret"); err != nil {
		t.Fatal(err)
	}
	before = entries.Index(t, server.URL)
	examine(t, nil, server.URL)
	if after := entries.Index(t, server.URL); after != before {
		t.Errorf("with keys, the log grows from %d to %d", before, after)
	}
}

func TestFindsWhatIsStored(t *testing.T) {
	t.Parallel()
	server := entries.Start(t)
	client, ctx := client(t, server.URL), t.Context()
	for key, value := range map[string]string{
		"/a/x": "1", "/a.b": "2", "/large": strings.Repeat("v", 1000), "/_locks/l": "3", "/full/_unknown": "4", "/odd": "\uFFFD", "/unmapped": "6",
	} {
		if _, err := client.Set(ctx, key, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"/empty", "/a/empty", "/a0"} {
		if _, err := client.CreateDir(ctx, dir); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.CreateDir(ctx, "/mortal", etcd.WithTTL(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Set(ctx, "/mortal/session", "5", etcd.WithTTL(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := client.Auth().CreateUser(ctx, "root", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := client.Auth().CreateRole(ctx, "readers", etcd.Permissions{Read: []string{"/a/*"}}); err != nil {
		t.Fatal(err)
	}
	r := examine(t, nil, server.URL)
	want(t, r, servesV2, `Users and roles of v2 are stored. Disable authentication, then delete them: "root", "readers"`,
		"Stored in v2: 7 keys, 7 directories", "Hidden, and found by name: 1", "With a TTL: 2", "a request to v3 may be: 1",
		"replaces when it answers: 1", "no rule gives a place in v3: 1", "Empty directories, which v3 does not have: 4", "Directories with a TTL, which v3 does not have: 1")
	if got := r.Tree.EmptyDir.First; !slices.Equal(got, []string{"/a/empty", "/a0", "/empty"}) { // and "/full", of which only hidden keys are known
		t.Errorf("the first empty directories are %q", got)
	}
}

func TestFindsWhoSpeaks(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	endpoints, ctx := cluster.Endpoints(), t.Context()
	first, all := client(t, endpoints[0]), client(t, endpoints...)
	reads := func(r *doctor.Report) (counts []uint64) {
		for _, m := range r.Members {
			counts = append(counts, m.Reads())
		}
		return counts
	}

	r := examine(t, func() { _, _ = first.Get(ctx, "/none") }, endpoints...)
	want(t, r, servesV2, "Something reads at "+endpoints[0])
	if n := reads(r); n[0] == 0 || n[1] != 0 || n[2] != 0 {
		t.Errorf("a plain read counts %d", n)
	}

	r = examine(t, func() { _, _ = first.Get(ctx, "/", etcd.WithQuorum()); caughtUp(t, endpoints) }, endpoints...)
	want(t, r, servesV2, "Every member counts at least 1 read in", "Something reads at "+endpoints[0]) // the server's own
	if n := reads(r); slices.Contains(n, 0) {
		t.Errorf("a quorum read counts %d", n)
	}

	r = examine(t, func() { _, _ = all.Health(ctx); caughtUp(t, endpoints) }, endpoints...)
	want(t, r, servesV2, "Every member counts at least 3 reads in", "asks "+endpoints[0], "asks "+endpoints[1], "asks "+endpoints[2],
		"Something reads at") // Health asks for the list of members, too

	r = examine(t, func() {
		_, _ = first.Create(ctx, "/a", "1")
		_, _ = first.Create(ctx, "/a", "2")
		_, _ = first.CompareAndSwap(ctx, "/a", "3", etcd.Prev{Value: "1"})
		_, _ = first.Delete(ctx, "/a")
		caughtUp(t, endpoints)
	}, endpoints...)
	want(t, r, servesV2, "2 creations, 1 deletion, 1 compare-and-swap in", "Something reads at "+endpoints[0])

	stop := watch(t, endpoints[0])
	entries.Eventually(t, func() error {
		if stats, err := first.StoreStats(ctx); err != nil || stats.Watchers == 0 {
			return io.ErrNoProgress
		}
		return nil
	})
	want(t, examine(t, nil, endpoints...), servesV2, "Something watches at "+endpoints[0]+": 1 open watch.")
	stop()

	// Whom it cannot ask, it says.
	r = examine(t, nil, endpoints[0])
	want(t, r, servesV2, "Member")
	if len(r.Unasked) != 2 {
		t.Errorf("%d members are said not to have been asked, want 2", len(r.Unasked))
	}
	if err := cluster.Members()[2].Stop(); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, nil, endpoints...), servesV2, endpoints[2]+" could not be examined")
}

// watch opens a watch until stop is called.
func watch(t *testing.T, endpoint string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/v2/keys/a?wait=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// caughtUp waits until all members have applied as much.
func caughtUp(t *testing.T, endpoints []string) {
	t.Helper()
	entries.Eventually(t, func() error {
		var indexes []uint64
		for _, endpoint := range endpoints {
			indexes = append(indexes, entries.Index(t, endpoint))
		}
		if slices.Min(indexes) != slices.Max(indexes) {
			return io.ErrNoProgress
		}
		return nil
	})
}

func TestMembersWithoutV2(t *testing.T) {
	for name, opt := range map[string]etcdtest.Option{
		"3.5": etcdtest.WithoutV2(), "3.6": etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd36)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want(t, examine(t, nil, etcdtest.Start(t, opt).Endpoints()...))
		})
	}
}

func TestOldServersGoTo35First(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	entries.Eventually(t, func() error { // authentication is not ready at once
		_, err := client(t, cluster.Endpoints()...).Auth().Users(t.Context())
		return err
	})
	want(t, examine(t, nil, cluster.Endpoints()...), servesV2, "runs etcd 2.3.8. Go to 3.5.32 or later first")
}

func TestEndpointOfAnotherCluster(t *testing.T) {
	t.Parallel()
	mine, theirs := entries.Start(t), entries.Start(t)
	r := examine(t, nil, mine.URL, theirs.URL)
	others := 0
	for _, m := range r.Members {
		if m.Err != nil {
			others++
		}
	}
	if others != 1 || len(r.Unasked) != 0 {
		t.Errorf("%d endpoints are said to be of another cluster, and %d members not to have been asked", others, len(r.Unasked))
	}
}

func TestNoMemberAnswers(t *testing.T) {
	_, err := doctor.Examine(t.Context(), doctor.Options{Endpoints: []string{"http://" + etcdtest.FreeAddr(t)}, Connect: connect})
	if err == nil || !strings.Contains(err.Error(), "no member answers") {
		t.Errorf("Examine: %v", err)
	}
}
