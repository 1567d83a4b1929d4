package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

func TestFailureThatIsNoneOfTheMember(t *testing.T) {
	for name, test := range map[string]struct {
		v      Verdict
		proven bool
		want   bool
	}{
		"unknown":                           {Verdict{}, true, true},
		"not sent":                          {Verdict{Outcome: NotSent}, true, true},
		"not served":                        {Verdict{Outcome: NotServed}, false, true},
		"not served, but etcd has answered": {Verdict{Outcome: NotServed}, true, false},
		"the leader is named":               {Verdict{Outcome: NotServed, Leader: "http://b"}, false, false},
		"a question remains":                {Verdict{Instead: &http.Request{}}, false, false},
	} {
		m := &Member{}
		m.proven.Store(test.proven)
		check(t, name, isFailure(test.v, m), test.want)
	}
}

// A verdict of which nothing is left must not say what an error is made of.
func TestUnconfirmedVerdictClaimsNothing(t *testing.T) {
	for name, v := range map[string]Verdict{
		"missing":  {Outcome: NotServed, Missing: true, Author: Nameless, Err: io.EOF},
		"redirect": {Outcome: NotServed, Leader: "http://nowhere/k", Author: Nameless, Err: io.EOF},
	} {
		synctest.Test(t, func(t *testing.T) {
			var net fakenet.Network
			net.Serve(t, "a", server(text(200, 7, "")))
			c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
			m, call := c.members.all()[0], newCall(t, "PUT", "/v2/keys/k", "")
			target := m.target(call.Request, apiPrefix)
			got := c.confirmed(t.Context(), call, m, target, v, time.Second)
			check(t, name+": error", errors.Is(got.Err, io.EOF), true)
			got.Err = nil
			check(t, name, got, Verdict{Author: Nameless})
			call.Read = true
			if v.Leader == "" { // a read of a path that is missing is not asked for again
				check(t, name+", of a read", c.confirmed(t.Context(), call, m, target, v, time.Second), v)
			}
		})
	}
}

func TestEndOfACallWhileAMemberIsAskedSetsNobodyAside(t *testing.T) {
	for name, end := range map[string]func(*Cluster, context.CancelFunc){
		"cancel": func(_ *Cluster, cancel context.CancelFunc) { cancel() },
		"close":  func(c *Cluster, _ context.CancelFunc) { c.Close() },
	} {
		synctest.Test(t, func(t *testing.T) {
			var net fakenet.Network
			net.Serve(t, "a", server(hang))
			c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(time.Second, func() { end(c, cancel) })
			result := c.Do(ctx, newCall(t, "PUT", "/v2/keys/k", ""))
			check(t, name+": outcome", result.Outcome, NotSent)
			check(t, name+": attempts", len(result.Attempts), 1)
			check(t, name+": aside", c.members.all()[0].health.aside(), false)
		})
	}
}

// Etcd shows itself by the cluster's ID or by an index. A success without either may be any server's.
func TestMemberIsProvenByAnAnswerOfEtcd(t *testing.T) {
	for name, test := range map[string]struct {
		reply http.HandlerFunc
		id    string // configured
		want  bool
	}{
		"index": {text(200, 7, ""), "", true}, "index in a refusal": {text(404, 7, ""), "", true},
		"ID": {of("a1"), "a1", true}, "neither": {text(200, 0, ""), "", false}, "another ID": {of("b2"), "a1", false},
		"failure": {text(500, 7, ""), "", false}, "not served": {text(501, 7, ""), "", false}, "no answer": {hangup, "", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var net fakenet.Network
			net.Serve(t, "a", server(test.reply))
			c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial, ClusterID: test.id})
			m := c.members.all()[0]
			c.Ask(t.Context(), m, question("/k"), 0)
			check(t, name, m.proven.Load(), test.want)
			c.failed(m, io.EOF)
			check(t, name+", after a failure", m.proven.Load(), false)
		})
	}
}

// The header of a call that waits is all that is known of it until an event comes.
func TestWaitThatIsNotOpenedByEtcdMovesOn(t *testing.T) {
	for name, test := range map[string]struct {
		reply http.HandlerFunc
		id    string // configured
		want  string // the member that opens it
	}{
		"index":                          {silent(4), "", "http://a"},
		"no index":                       {silent(0), "", "http://b"},
		"no ID":                          {silent(4), "a1", "http://b"},
		"another ID":                     {of("b2"), "a1", "http://b"},
		"no ID where any is good":        {silent(4), AnyCluster, "http://a"},
		"a failure":                      {text(500, 4, ""), "", "http://b"},
		"not served, and none to say so": {text(501, 0, ""), "", "http://b"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var net fakenet.Network
			net.Serve(t, "a", server(test.reply))
			net.Serve(t, "b", server(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Etcd-Cluster-Id", "a1")
				silent(4)(w, r)
			}))
			c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial, ClusterID: test.id})
			call := newCall(t, "GET", "/v2/keys/k?wait=true", "")
			call.Read, call.Wait = true, true
			result := c.Do(t.Context(), call)
			if result.Open == nil {
				t.Fatalf("%s: got %+v", name, result)
			}
			result.Open.Close()
			check(t, name, result.Open.Endpoint, test.want)
		})
	}
}

// doubting is an answer that says of the path /local to ask for /quorum.
type doubting struct{ stubAnswer }

func (d doubting) Sort(reply Reply) (Verdict, error) {
	v, err := d.stubAnswer.Sort(reply)
	if reply.Request.URL.Path == "/local" && v.Outcome.settled() {
		return Verdict{Err: errors.New("is behind"), Instead: question("/quorum").Request}, nil
	}
	return v, err
}

// Another request takes the place of the first: at the same member, and, if that fails, at the others.
func TestDoubtIsSettledByAnotherRequest(t *testing.T) {
	for name, test := range map[string]struct {
		second   http.HandlerFunc // a's reply to it
		member   string           // of the last attempt
		attempts int              // that failed
		want     []string
	}{
		"answered": {text(200, 7, ""), "http://a", 0, []string{"a/local", "a/quorum"}},
		"refused":  {text(404, 7, ""), "http://a", 0, []string{"a/local", "a/quorum"}},
		"failed":   {text(500, 0, ""), "http://b", 1, []string{"a/local", "a/quorum", "b/quorum"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var net fakenet.Network
			var sent []string
			told := func(host string, next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					sent = append(sent, host+r.URL.Path)
					if user, _, _ := r.BasicAuth(); user != "root" {
						t.Errorf("%s: user %q", r.URL.Path, user)
					}
					next.ServeHTTP(w, r)
				})
			}
			net.Serve(t, "a", told("a", server(text(404, 5, ""), test.second)))
			net.Serve(t, "b", told("b", server(text(200, 7, ""))))
			c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial})
			c.SetCredentials("root", "")
			call := newCall(t, "GET", "/local", "")
			call.Read, call.Answer = true, doubting{}
			result := c.Do(t.Context(), call)
			check(t, name+": requests", sent, test.want)
			check(t, name, []any{result.Member.Endpoint(), len(result.Attempts), result.Settled()}, []any{test.member, test.attempts, true})
		})
	}
}

func TestQuestionIsSettledByAnotherRequestToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(text(404, 5, ""), text(200, 7, "")))
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		call := question("/local")
		call.Answer = doubting{}
		v := c.Ask(t.Context(), c.members.all()[0], call, time.Second)
		check(t, "outcome, index", []any{v.Outcome, v.Index}, []any{Done, uint64(7)})
	})
}
