package etcd

import (
	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
)

// questions makes the calls by which the cluster asks its members for their state.
type questions struct{}

// noKey is a key that does not exist: the refusal to read it is the cheapest answer with an index.
const noKey = "_etcdv2/none"

func (questions) Index() *cluster.Call {
	// Whether the key exists does not matter, so a member that is behind need not be asked again: toRead.
	return &newKeysCall(gen.NewHeadKeyRequest(noKey, nil), toRead, asked{key: noKey}).Call
}

// Service asks which member is the leader.
func (questions) Service() *cluster.Call {
	return &cluster.Call{Request: gen.NewGetLeaderRequest(), Read: true, Answer: &serviceAnswer{}}
}

func (questions) Version(m *cluster.Member) *cluster.Call {
	return &newVersionCall(func(v Version) { m.SetVersion(v.Server) }).Call
}

func (questions) Change(from uint64) *cluster.Call {
	c := &changeCall{*newKeysCall(newPoll("", true, from), toRead, asked{})}
	c.Wait, c.Answer = true, c
	return &c.Call
}

func (questions) Machines(named *[]string) *cluster.Call {
	call := newTextCall(gen.NewGetMachinesRequest(), areMachines(named))
	call.Read = true
	return &call.Call
}

// serviceAnswer sorts the replies to Service. A member that has lost the others replies with 503. All that
// matters is whether the reply is a 5xx: a gateway may refuse the path, and the member serves all the same.
// Etcd 0.x does not have the path; it names the leader, or says with 500 that there is none, at another one.
type serviceAnswer struct{ askedLegacy bool }

func (a *serviceAnswer) Sort(reply cluster.Reply) (cluster.Verdict, error) {
	text, err := readRefusal(reply)
	switch {
	case err != nil:
		return cluster.Verdict{}, err
	case isSuccess(reply):
		return cluster.Verdict{Outcome: cluster.Done}, nil
	}
	said := decodeError(reply, text)
	verdict := cluster.Verdict{Outcome: cluster.Refused, Err: said}
	switch {
	case reply.StatusCode >= 500:
		verdict.Outcome = cluster.Unknown
	case isMissingPage(reply, said) && !a.askedLegacy:
		a.askedLegacy, verdict.Instead = true, gen.NewGetLeaderURLRequest()
	}
	return verdict, nil
}

// changeCall waits for an event.
type changeCall struct{ keysCall }

// Sort reports the index of the event, or the store's index if the event is no longer in the history.
func (c *changeCall) Sort(reply cluster.Reply) (cluster.Verdict, error) {
	verdict, err := c.keysCall.Sort(reply)
	switch {
	case err != nil:
		return verdict, err
	case c.event != nil:
		verdict.Index = c.event.Node.ModifiedIndex
	case verdict.Outcome == cluster.Done: // but without an event
		verdict.Outcome = cluster.Unknown
	case isCleared(verdict.Err):
		verdict.Outcome = cluster.Done
	}
	return verdict, nil
}
