package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/tests/validator"
)

// patience is how long a case may take, waiting for a condition included. The longest wait for an answer is seven
// seconds, of a server without a quorum.
const patience = 40 * time.Second

var spec = func() *validator.Spec {
	s, err := validator.Load(api.Spec())
	if err != nil {
		panic(err)
	}
	return s
}()

// recorded is the traffic of all cases.
var recorded record

type record struct {
	sync.Mutex
	exchanges []*validator.Exchange
}

func (r *record) add(e *validator.Exchange) {
	r.Lock()
	defer r.Unlock()
	r.exchanges = append(r.exchanges, e)
}

// A server is what cases run on.
type server struct {
	endpoint string
	version  version
	user     *url.Userinfo // sends what has no credentials of its own; nil for nobody
	http     *http.Transport
	stranger bool // it is somebody else's: only what does no harm
	readOnly bool
	dir      string            // cases have their directories below it
	names    map[string]string // what curly brackets in requests may also name
}

// A run is one case on one server.
type run struct {
	server   *server
	dir      string
	http     *http.Transport
	mu       sync.Mutex
	findings []validator.Finding

	unrecorded bool
}

func (r *run) found(f validator.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.findings = append(r.findings, f)
}

// runSubject runs a subject's cases on a server.
func runSubject(t *testing.T, s subject, on *server, tally *tally) {
	for i, c := range s.cases {
		want := c.wantOf(on.version)
		why := on.excludes(c)
		switch {
		case why != "":
			tally.skip(why, s.name+": "+c.name)
			continue
		case want == nil:
			tally.skip("not for etcd "+on.version.String(), s.name+": "+c.name)
			continue
		}
		dir := on.dir
		if !s.story {
			dir += "/" + s.name + strconv.Itoa(i)
		}
		ok := t.Run(strings.ReplaceAll(c.name, "/", "\\"), func(t *testing.T) {
			if !s.story {
				t.Parallel()
			}
			r := &run{server: on, dir: dir, http: on.http}
			if c.apart {
				r.http = on.http.Clone()
				defer r.http.CloseIdleConnections()
			}
			defer func() { tally.hold(t, r.findings) }() // also when the case ends early
			r.runCase(t, c, *want)
		})
		if !ok && s.story {
			t.Fatalf("the cases of %q build on each other: the rest was not run", s.name)
		}
	}
}

// excludes says why a server must not see a case; "" if it may.
func (s *server) excludes(c testCase) string {
	switch {
	case !s.stranger:
		return ""
	case c.notFor != "":
		return c.notFor
	case c.leavesPrefix():
		return "it writes elsewhere than below the prefix, or tries to"
	case s.readOnly && !c.reads():
		return "it writes"
	default:
		return ""
	}
}

func (c testCase) wantOf(v version) *answer {
	for _, want := range c.want {
		if v.in(want.on) {
			return &want
		}
	}
	return nil
}

func (r *run) runCase(t *testing.T, c testCase, want answer) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	given, err := r.prepare(ctx, c.given)
	if err != nil {
		t.Fatal(err)
	}
	got, wrong := r.ask(ctx, c, want, given)
	for c.until && len(wrong) > 0 && ctx.Err() == nil {
		pause(ctx)
		got, wrong = r.ask(ctx, c, want, given)
	}
	for _, text := range wrong {
		t.Errorf("%s: %s", c.request, text)
	}
	r.judge(t, c, got)
}

// prepare sends the requests that have to succeed before a case, and returns the last reply.
func (r *run) prepare(ctx context.Context, given []string) (last reply, err error) {
	for _, text := range given {
		times := 1
		if n, rest, ok := strings.Cut(text, " * "); ok {
			if times, err = strconv.Atoi(n); err != nil {
				return last, err
			}
			text = rest
		}
		for i := range times {
			before := last
			r.unrecorded = i+1 < times // the last one tells as much
			if last, err = r.send(ctx, text, before, 0, nil); err != nil {
				return last, err
			}
			if last.status/100 != 2 {
				return last, fmt.Errorf("given %s: status %d: %s", text, last.status, last.body)
			}
		}
	}
	return last, nil
}

// ask sends a case's request and says what is wrong with the answer.
func (r *run) ask(ctx context.Context, c testCase, want answer, given reply) (reply, []string) {
	var during func(reply) error
	if len(c.during) > 0 {
		during = func(head reply) error {
			last := head
			for _, text := range c.during {
				var err error
				before := last
				if before.fields == nil {
					before = given
				}
				if last, err = r.send(ctx, text, before, 0, nil); err != nil {
					return err
				}
				if last.status/100 != 2 {
					return fmt.Errorf("during, %s: status %d: %s", text, last.status, last.body)
				}
			}
			return nil
		}
	}
	got, err := r.send(ctx, c.request, given, c.events, during)
	if want.status == 0 && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)) {
		return got, nil
	}
	if err != nil {
		return got, []string{err.Error()}
	}
	return got, r.check(want, got, given)
}

// judge looks at the findings: there are none, unless the case wants a request to break the description.
func (r *run) judge(t *testing.T, c testCase, got reply) {
	broken := false
	for _, f := range r.findings {
		if c.breaks && f.Side == validator.Request {
			broken = true
			continue
		}
		t.Errorf("finding: %v", f)
	}
	if c.breaks && !broken && got.status != 0 {
		t.Errorf("%s: no finding, although it breaks the description", c.request)
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
}
