package etcdtest_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

func TestRecorderRecords(t *testing.T) {
	member := etcdtest.Start(t).Members()[0]
	recorder := etcdtest.Record(t, member.URL())
	client := suite.NewClient(t)
	suite.Put(t, client, recorder.URL(), "/a", "x y")
	suite.WantValue(t, client, recorder.URL(), "/a", "x y")
	suite.WantValue(t, client, member.URL(), "/a", "x y")

	requests := recorder.Requests()
	if len(requests) != 2 {
		t.Fatalf("recorded %d requests: %+v", len(requests), requests)
	}
	first := requests[0]
	if first.Method != http.MethodPut || first.URI != "/v2/keys/a" || first.Body != "value=x+y" {
		t.Errorf("recorded %+v", first)
	}
	if got := first.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
		t.Errorf("recorded Content-Type %q", got)
	}
	if n := recorder.Connections(); n != 1 {
		t.Errorf("recorded %d connections for a client that keeps one", n)
	}
	recorder.Reset()
	if len(recorder.Requests()) != 0 || recorder.Connections() != 0 {
		t.Error("Reset forgot nothing")
	}
}

// Two recorders in a row show what the first one sent on.
func TestRecorderPassesURIsOnAsTheyAre(t *testing.T) {
	member := etcdtest.Start(t).Members()[0]
	behind := etcdtest.Record(t, member.URL())
	before := etcdtest.Record(t, behind.URL())
	client := suite.NewClient(t)
	uris := []string{
		"/v2/keys/a%2Fb",
		"/v2/keys/a%2fb%20c",
		"/v2/keys//a//",
		"/v2/keys/a/../b",
		"/v2/keys/%E2%82%AC;x=1?sorted=true&a=b;c&%zz",
		"/v2/keys/a?",
	}
	for _, uri := range uris {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, before.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = uri // net/http sends it as it is
		resp, err := client.Transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	for i, r := range before.Requests() {
		if r.URI != uris[i] {
			t.Errorf("%q arrived as %q", uris[i], r.URI)
		}
	}
	for i, r := range behind.Requests() {
		if r.URI != uris[i] {
			t.Errorf("%q was passed on as %q", uris[i], r.URI)
		}
	}
}

// A request that came through another proxy says so.
func TestRecorderPassesHeadersOn(t *testing.T) {
	member := etcdtest.Start(t).Members()[0]
	behind := etcdtest.Record(t, member.URL())
	before := etcdtest.Record(t, behind.URL())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, before.URL()+"/v2/keys/", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Forwarded": {"for=1"}, "X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Host": {"a"}, "X-Forwarded-Proto": {"https"},
		"User-Agent": {"app"}, "Accept-Encoding": {"identity"}, "X-Own": {"1", "2"},
	}
	req.Header = want.Clone()
	resp, err := suite.NewClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	got := behind.Requests()[0].Header
	got.Del("Connection")
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("passed on: %v, want %v", got, want)
	}
}

func TestRecorderStreamsLongPolls(t *testing.T) {
	member := etcdtest.Start(t).Members()[0]
	recorder := etcdtest.Record(t, member.URL())
	client := suite.NewClient(t)
	ended := suite.Watch(t.Context(), t, client, recorder.URL(), "/a") // returns once the header is there
	suite.Put(t, client, member.URL(), "/a", "1")
	if r := <-ended; r.Err != nil || r.Event.Node.Value != "1" {
		t.Fatalf("the long poll gave %+v", r)
	}
}

// A long poll that the test leaves open must not keep the recorder from ending.
func TestRecorderEndsWithOpenLongPoll(t *testing.T) {
	member := etcdtest.Start(t).Members()[0]
	client, ctx := suite.NewClient(t), t.Context() // outlive the recorder
	suite.Within(t, 2*time.Second, func() error {
		var ended <-chan suite.Result
		t.Run("record", func(t *testing.T) {
			recorder := etcdtest.Record(t, member.URL())
			ended = suite.Watch(ctx, t, client, recorder.URL(), "/a")
		})
		if r := <-ended; r.Err == nil {
			t.Fatalf("the long poll gave %+v", r)
		}
		return nil
	})
}

func TestRecorderBreaksOffAsTheMemberDoes(t *testing.T) {
	member := etcdtest.Start(t).Members()[0]
	recorder := etcdtest.Record(t, member.URL())
	if err := member.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := suite.NewClient(t).Get(recorder.URL() + "/v2/keys/a"); err == nil {
		t.Fatal("the recorder answered for a member that is down")
	}
}
