package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// A write that reaches something other than a member of the cluster has no known outcome, or is applied in
// another cluster. So a client with several endpoints first asks a member that has not answered yet, or whose
// last attempt failed, for its index, which changes nothing. If etcd of this cluster answers, the write is
// sent; if not, it goes to the next member, because nothing of it has been sent.

// errAnsweredLate says of a member that the write can go to it the next time.
var errAnsweredLate = errors.New("not sent, because a question for the index took more than half of the time")

// vet returns nil if the write of f can be sent to m, or else the verdict of an attempt that was not made. A
// write is not sent if little is left of its time, most, after the question: its outcome would not be known.
func (c *Cluster) vet(ctx context.Context, f *failover, m *Member, most time.Duration) *Verdict {
	if f.call.Read || m.proven.Load() || !c.vets(f, m) {
		return nil
	}
	start := time.Now()
	question := c.config.Questions.Index()
	question.Vital = f.call.Vital
	v := c.Ask(ctx, m, question, most)
	if m.proven.Load() {
		if most > 0 && time.Since(start) > most/2 {
			return &Verdict{Outcome: NotSent, Err: errAnsweredLate}
		}
		return nil
	}
	if ctx.Err() == nil && c.life.Err() == nil && !v.Own {
		c.failed(m, v.Err)
	}
	outcome := NotSent
	if v.Outcome == NotServed {
		outcome = NotServed
	}
	return &Verdict{
		Outcome: outcome, Author: v.Author, Missing: v.Missing, Own: v.Own,
		Err: fmt.Errorf("not sent, because a question for the index brought no answer of a member: %w", errs.Bare(v.Err)),
	}
}

// vets reports whether m is asked before the write of f is sent to it. If there is only one member, its answer
// to the write says as much. In the last round only members are asked that answered before from another
// cluster: a gateway may refuse the question and let the write pass.
func (c *Cluster) vets(f *failover, m *Member) bool {
	return len(c.members.all()) > 1 && (f.rounds < f.most || slices.Contains(f.others, m))
}

// confirmed returns v, which says that m does not serve the call, or Unknown in its place if the doubt about
// that remains. For a read there is no need to know.
func (c *Cluster) confirmed(ctx context.Context, call *Call, m *Member, target *url.URL, v Verdict, most time.Duration) Verdict {
	switch {
	case v.NoLeader:
	case v.Leader != "":
		if !c.findLeader(ctx, m, &v) {
			return Verdict{Author: v.Author, Err: v.Err}
		}
	case !call.Read && !c.unserved(ctx, m, target, most):
		return Verdict{Author: v.Author, Err: v.Err}
	}
	return v
}

// unserved reports whether m says of target once more that it does not serve it. If not, a gateway may have
// passed the write on and then answered by itself.
func (c *Cluster) unserved(ctx context.Context, m *Member, target *url.URL, most time.Duration) bool {
	path := *target
	path.RawQuery = ""
	head := &http.Request{Method: http.MethodHead, URL: &path, Header: http.Header{}}
	c.authorize(head) // a gateway may ask for credentials
	v, _ := c.try(&Call{Request: head, Read: true, Answer: unservedAnswer{}}, m, &path, c.newAttempt(ctx, most))
	return v.Outcome == NotServed
}

// unservedAnswer sorts the reply to a HEAD of a path that may not be served.
type unservedAnswer struct{}

// Sort accepts the replies of a server without the path, of etcd's proxy for reads, of one without members,
// and of a server that redirects from the path. A member that serves the path has a key or a method to
// complain about, and sends its headers.
func (unservedAnswer) Sort(reply Reply) (Verdict, error) {
	code := reply.StatusCode
	refuses := code == http.StatusNotFound || code == http.StatusNotImplemented || code == http.StatusServiceUnavailable
	if (refuses || code/100 == 3) && IDOf(reply.Response) == "" && !TellsIndex(reply.Response) {
		return Verdict{Outcome: NotServed}, nil
	}
	return Verdict{}, nil
}
