package etcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is an observer that keeps what it is told.
type recorder struct {
	mu     sync.Mutex
	events []Event
}

func (r *recorder) Observe(event Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event)
}

// got returns the events so far.
func (r *recorder) got() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Event(nil), r.events...)
}

// take returns the events so far, each in a line without its error and times, and forgets them.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, event := range r.events {
		switch e := event.(type) {
		case AttemptStarted:
			lines = append(lines, fmt.Sprintf("%s started %s %s", e.Endpoint, e.Method, e.Path))
		case AttemptEnded:
			lines = append(lines, fmt.Sprintf("%s %s %s %s, error: %t", e.Endpoint, e.Outcome, e.Method, e.Path, e.Err != nil))
		case MemberSetAside:
			lines = append(lines, fmt.Sprintf("%s aside, error: %t", e.Endpoint, e.Err != nil))
		case MemberBack:
			lines = append(lines, e.Endpoint+" back")
		case Synced:
			lines = append(lines, fmt.Sprintf("synced %v, error: %t", e.Endpoints, e.Err != nil))
		}
	}
	r.events = nil
	return lines
}

func TestObserverIsToldOfEachAttemptInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var r recorder
		net.serve(t, "a", text(503, ""), granting(3))
		net.serve(t, "b", granting(3), refusing(404, ErrKeyNotFound, "/ä b", 3), text(503, ""))
		client := net.connect(t, Config{Endpoints: []string{"http://x", "http://a", "http://b"}, Observer: &r})
		get := func() { _, _ = client.Get(t.Context(), "/ä b") } // the events are the test
		get()
		check(t, "failover", r.take(), []string{
			"http://x started GET /v2/keys/ä b", "http://x not sent GET /v2/keys/ä b, error: true", "http://x aside, error: true",
			"http://a started GET /v2/keys/ä b", "http://a unknown GET /v2/keys/ä b, error: true", "http://a aside, error: true",
			"http://b started GET /v2/keys/ä b", "http://b answered GET /v2/keys/ä b, error: false",
		})
		get()
		check(t, "refusal", r.take(), []string{
			"http://b started GET /v2/keys/ä b", "http://b answered GET /v2/keys/ä b, error: true",
		})
		<-time.After(time.Minute)
		get()
		check(t, "one that is down still, one that is back", r.take(), []string{
			"http://b started GET /v2/keys/ä b", "http://b unknown GET /v2/keys/ä b, error: true", "http://b aside, error: true",
			"http://x started GET /v2/keys/ä b", "http://x not sent GET /v2/keys/ä b, error: true", "http://x aside, error: true",
			"http://a started GET /v2/keys/ä b", "http://a answered GET /v2/keys/ä b, error: false", "http://a back",
		})
		get()
		check(t, "success", r.take(), []string{
			"http://a started GET /v2/keys/ä b", "http://a answered GET /v2/keys/ä b, error: false",
		})
	})
}

func TestObserverIsToldWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var r recorder
		net.serve(t, "a", hang)
		net.serve(t, "b", refusing(404, ErrKeyNotFound, "/k", 8))
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}, Observer: &r, AttemptTimeout: time.Second})
		_, err := client.Get(t.Context(), "/k")
		checkIs(t, err, ErrKeyNotFound)
		events := r.got()
		if len(events) != 5 {
			t.Fatalf("events are %v", events)
		}
		late, aside, refused := events[1].(AttemptEnded), events[2].(MemberSetAside), events[4].(AttemptEnded)
		check(t, "duration", late.Duration, time.Second)
		check(t, "error of the member set aside", aside.Err, late.Err)
		if aside.For < 250*time.Millisecond || aside.For > 500*time.Millisecond {
			t.Errorf("set aside for %v", aside.For)
		}
		check(t, "refusal", refused, AttemptEnded{"http://b", "GET", "/v2/keys/k", KindCall, 0, OutcomeAnswered, err})
	})
}

// Where there was no answer to the whole request, a watch's header is one.
func TestObserverIsToldOfAWatchWhenItsHeaderComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		var r recorder
		net.serve(t, "a", silent(4))
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, Observer: &r})
		go func() { _, _ = client.WatchOnce(t.Context(), "/k", WithAfterIndex(4)) }() // ends with the client
		synctest.Wait()
		for _, event := range r.got() {
			if e, ok := event.(AttemptEnded); ok {
				check(t, "kind", e.Kind, KindPoll)
			}
		}
		check(t, "events", r.take(), []string{
			"http://a started GET /v2/keys/k", "http://a answered GET /v2/keys/k, error: false",
		})
		client.Close()
		synctest.Wait()
	})
}

// tellAll makes calls that carry value where a value can be, and returns all that is printed of
// what the observer is told.
func tellAll(t *testing.T, value string, replies ...http.HandlerFunc) string {
	t.Helper()
	var r recorder
	var log bytes.Buffer
	s := serve(t, replies...)
	client := connectWith(t, Config{
		Endpoints: []string{closedPort, s.url}, Username: "root", Password: secret,
		Observer: observers{&r, LogObserver(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))},
	})
	ctx := t.Context()
	for _, call := range []func() error{
		func() error { _, err := client.Set(ctx, "/k", value); return err },
		func() error { _, err := client.Create(ctx, "/k", value); return err },
		func() error { _, err := client.Update(ctx, "/k", value); return err },
		func() error { _, err := client.CreateInOrder(ctx, "/k", value); return err },
		func() error { _, err := client.CompareAndSwap(ctx, "/k", value, Prev{Value: value}); return err },
		func() error { _, err := client.CompareAndDelete(ctx, "/k", Prev{Value: value}); return err },
		func() error { _, err := client.Get(ctx, "/k"); return err },
		func() error { return client.Sync(ctx) },
	} {
		_ = call() // how it ends is not the test
	}
	var told strings.Builder
	for _, event := range r.got() {
		fmt.Fprintf(&told, "%v %+v %#v %v\n", event, event, event, event.LogValue())
	}
	if len(s.got()) == 0 || told.Len() == 0 || log.Len() == 0 {
		t.Fatal("nothing was told")
	}
	return told.String() + log.String()
}

// observers tells each of them.
type observers []Observer

func (o observers) Observe(event Event) {
	for _, observer := range o {
		observer.Observe(event)
	}
}

func TestObserverIsToldNoValueAndNoPassword(t *testing.T) {
	const value = "p1anted"
	success := func(w http.ResponseWriter, r *http.Request) {
		reply := granting(3) // with the value that was sent
		switch {
		case r.URL.Path == "/v2/machines":
			reply = text(200, closedPort)
		case r.Method == http.MethodGet:
			reply = file("get", "/k", value, 3)
		}
		reply(w, r)
	}
	for name, reply := range map[string]http.HandlerFunc{
		"success":    success,
		"difference": refusing(412, ErrCompareFailed, "["+secret+" != x]", 3), "refusal": refusing(404, ErrKeyNotFound, "/k", 3), "unauthorized": refusing(401, ErrUnauthorized, "", 0),
		"reset": reset, "EOF": hangup, "cut": cut, "timeout": refusing(500, ErrRaftInternal, "etcdserver: request timed out", 0), "502": text(502, "<html>"),
	} {
		t.Run(name, func(t *testing.T) {
			told := tellAll(t, value, reply)
			// As it stands in the header.
			request := http.Request{Header: http.Header{}}
			request.SetBasicAuth("root", secret)
			encoded := strings.TrimPrefix(request.Header.Get("Authorization"), "Basic ")
			for _, hidden := range []string{value, secret, encoded} {
				if i := strings.Index(told, hidden); i >= 0 {
					t.Errorf("told %q in …%s…", hidden, told[max(0, i-150):min(len(told), i+50)])
				}
			}
		})
	}
}

// collector is a slog handler that keeps the records.
type collector struct{ records []slog.Record }

func (*collector) Enabled(context.Context, slog.Level) bool { return true }
func (c *collector) WithAttrs([]slog.Attr) slog.Handler     { return c }
func (c *collector) WithGroup(string) slog.Handler          { return c }
func (c *collector) Handle(_ context.Context, record slog.Record) error {
	c.records = append(c.records, record)
	return nil
}

// odd is an event of a later version.
type odd struct{}

func (odd) LogValue() slog.Value { return slog.GroupValue(slog.Int("n", 1)) }

func TestLogObserver(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		event Event
		level slog.Level
		want  string
	}{
		{AttemptStarted{"http://a", "GET", "/p", KindPoll}, slog.LevelDebug, "etcd: attempt started: endpoint=http://a method=GET path=/p kind=poll"},
		{
			AttemptEnded{"http://a", "PUT", "/p", KindCall, time.Second, OutcomeUnknown, broken},
			slog.LevelDebug,
			"etcd: attempt ended: endpoint=http://a method=PUT path=/p kind=call duration=1s outcome=unknown error=broken",
		},
		{MemberSetAside{"http://a", time.Second, broken}, slog.LevelWarn, "etcd: member set aside: endpoint=http://a for=1s error=broken"},
		{MemberBack{"http://a"}, slog.LevelInfo, "etcd: member back: endpoint=http://a"},
		{Synced{[]string{"http://a", "http://b"}, nil}, slog.LevelInfo, "etcd: members synced: endpoints=[http://a http://b]"},
		{Synced{[]string{"http://a"}, broken}, slog.LevelWarn, "etcd: members not synced: endpoints=[http://a] error=broken"},
		{WatchLag{"/k", 7, 120}, slog.LevelDebug, "etcd: watch behind: key=/k after=7 lag=120"},
		{WatchReopened{"/k", 7, broken}, slog.LevelInfo, "etcd: watch reopened: key=/k after=7 error=broken"},
		{
			MirrorResynced{"/d", 7, 1200, 3, ErrEventIndexCleared},
			slog.LevelWarn,
			"etcd: mirror read again: dir=/d from=7 to=1200 changes=3 error=etcd: event index cleared",
		},
		{odd{}, slog.LevelDebug, "etcd: n=1"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			var c collector
			LogObserver(slog.New(&c)).Observe(test.event)
			if len(c.records) != 1 {
				t.Fatalf("%d records", len(c.records))
			}
			check(t, "level", c.records[0].Level, test.level)
			check(t, "record", lineOf(c.records[0]), test.want)
		})
	}
}

// lineOf prints a record's message and the fields of the one group that it has.
func lineOf(record slog.Record) string {
	line := record.Message + ":"
	record.Attrs(func(attr slog.Attr) bool {
		if attr.Key != "etcd" {
			line += " outside of the group: "
		}
		for _, field := range attr.Value.Resolve().Group() {
			line += " " + field.Key + "=" + field.Value.String()
		}
		return true
	})
	return line
}

// A member that does not serve a request has decided: nothing was done.
func TestObserverIsToldThatAMemberDoesNotServe(t *testing.T) {
	var r recorder
	first, second := serve(t, text(501, "")), serve(t, granting(3))
	client := connectWith(t, Config{Endpoints: []string{first.url, second.url}, Observer: &r})
	check(t, "error", every["Set"](t.Context(), client), error(nil))
	check(t, "events", r.take(), []string{
		first.url + " started PUT /v2/keys/k", first.url + " answered PUT /v2/keys/k, error: true",
		second.url + " started PUT /v2/keys/k", second.url + " answered PUT /v2/keys/k, error: false",
	})
}

func TestOutcomeInWords(t *testing.T) {
	for outcome, want := range map[Outcome]string{
		OutcomeAnswered: "answered", OutcomeNotSent: "not sent", OutcomeUnknown: "unknown", 7: "outcome 7",
	} {
		check(t, "outcome", outcome.String(), want)
	}
}

// Refusals quote the values that were compared, and so do redirects and pages of proxies.
func TestLogHoldsNoValueThatAServerQuotes(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"comparison": refusing(412, ErrCompareFailed, "[p1anted != x]", 5),
		"redirect":   text(302, "", "Location", "/v2/keys/k?prevValue=p1anted"),
		"page":       text(502, "<html>/v2/keys/k?prevValue=p1anted is down</html>"),
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := serve(t, reply)
			client := connectWith(t, Config{
				Endpoints: []string{s.url},
				Observer:  LogObserver(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
			})
			_, err := client.CompareAndDelete(t.Context(), "/k", Prev{Value: "p1anted"})
			if err == nil || strings.Contains(log.String(), "p1anted") || !strings.Contains(log.String(), "status") {
				t.Errorf("%v, and the log is\n%s", err, log.String())
			}
		})
	}
}
