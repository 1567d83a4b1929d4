package etcd

import (
	"io"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
)

// questions are the calls by which the cluster asks its members how they are.
type questions struct{}

// noKey is a key that nobody has: its refusal is the cheapest answer with an index.
const noKey = "_etcdv2/none"

func (questions) Index() *cluster.Call {
	return &newKeysCall(gen.NewHeadKeyRequest(noKey, nil), toReadCopy).Call
}

// Service asks who leads.
func (questions) Service() *cluster.Call {
	return &cluster.Call{Request: gen.NewGetMembersLeaderRequest(), Read: true, Answer: serviceAnswer{}}
}

func (questions) Change(from uint64) *cluster.Call {
	c := &changeCall{*newKeysCall(newPoll("", true, from), toRead)}
	c.Wait, c.Answer = true, c
	return &c.Call
}

// serviceAnswer is the answer to the question who leads, which a member that has lost the others answers with
// 503. It matters only that it is not a 5xx.
type serviceAnswer struct{}

func (serviceAnswer) Sort(reply cluster.Reply) (cluster.Verdict, error) {
	text, err := io.ReadAll(reply.Body)
	switch {
	case err != nil:
		return cluster.Verdict{}, err
	case isSuccess(reply):
		return cluster.Verdict{Outcome: cluster.Done}, nil
	}
	_, verdict := refusal(reply, text, false)
	if reply.StatusCode >= 500 {
		verdict.Outcome = cluster.Unknown
	}
	return verdict, nil
}

// changeCall waits for an event.
type changeCall struct{ keysCall }

// Sort tells the index of the event, or the store's if the event is not in the history any more.
func (c *changeCall) Sort(reply cluster.Reply) (cluster.Verdict, error) {
	verdict, err := c.keysCall.Sort(reply)
	switch {
	case err != nil:
		return verdict, err
	case c.event != nil:
		verdict.Index = c.event.Node.ModifiedIndex
	case verdict.Outcome == cluster.Done: // but not an event
		verdict.Outcome = cluster.Unknown
	case isCleared(verdict.Err):
		verdict.Outcome = cluster.Done
	}
	return verdict, nil
}
