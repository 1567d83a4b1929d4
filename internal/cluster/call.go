package cluster

import (
	"net/http"
	"time"
)

// Call is a request and the intent of its caller. This package never derives the intent from the request.
type Call struct {
	// Request is the request to send. Its URL has the path and the query of the API, but no scheme and no
	// host. If it has a body, GetBody returns a new copy of the body. Do adds the credentials to the header.
	Request *http.Request

	// Read means that the request changes nothing, so it may be sent to one member after another.
	Read bool

	// Wait means that the body of a successful reply does not follow its header until there is an event. Do
	// then returns when the header has arrived; see Result.Open.
	Wait bool

	// Vital means that a key or a watch depends on the call: it renews a TTL, or is a question of the pulse. It
	// does not wait for other calls, and no other call takes its connection.
	Vital bool

	// Expires means that the request may make a key with a TTL, which vital calls are to renew.
	Expires bool

	// Pulse, if set, is called, from any goroutine, for each sign of life of the member on which the call
	// waits. confirmed means that the member answered a question that was asked after the call had reached
	// it.
	Pulse func(confirmed bool)

	// Answer sorts the replies.
	Answer Answer
}

// Answer sorts the replies to a call.
type Answer interface {
	// Sort reads the whole reply and returns what it means, or the error of reading it. It is called within
	// the attempt, whose limits apply to reading as well, and again for the reply to each further attempt.
	// The caller closes the body.
	Sort(reply Reply) (Verdict, error)
}

// Reply is the reply of a member. Its header has been read, its body has not.
type Reply struct {
	*http.Response
	Endpoint string // of the member

	// Author is the author according to the cluster's ID in the header. It is never OtherCluster.
	Author Author

	// Seen is the highest etcd index that the cluster had reported when the request was sent. The data of a
	// member that is behind Seen can prove that something exists, but not that something is missing. Seen is
	// 0 if members of different clusters may answer, because their indexes cannot be compared.
	Seen uint64
}

// Verdict is what an attempt has settled.
type Verdict struct {
	Outcome Outcome
	Author  Author
	Err     error  // why there is no usable answer; nil only if the outcome is Done
	Index   uint64 // the etcd index that the reply reports; 0 if none
	Missing bool   // the server does not have the path at all

	// Own means that the failure is that of this process, and says nothing about the member.
	Own bool

	// Leader is the URL by which a redirect names the leader; empty for other replies.
	Leader string

	// NoLeader means that the member knows of no leader, and that only a leader serves such requests.
	NoLeader bool

	// Instead is a request that settles what the reply has left in doubt, or nil if it leaves no doubt. It is
	// sent to the same member, and, if that does not settle the call, to the others, in place of the request
	// of the call.
	Instead *http.Request

	leader *Member // the member at Leader; nil if it cannot be used
}

// Outcome is what is known about a request after an attempt.
type Outcome int

// The outcomes. The zero value claims nothing.
const (
	Unknown   Outcome = iota // sent, but no answer settles whether it was done
	NotSent                  // no part of the request has left this process
	NotServed                // the server does not serve such requests, so it has not done it; another may
	Refused                  // the member has decided: it was not done
	Done                     // the member has decided: it was done
)

// settled reports whether a member has decided.
func (o Outcome) settled() bool { return o == Refused || o == Done }

// Author is the author of a reply, as far as it has been identified.
type Author int

// The authors.
const (
	Unidentified Author = iota // no reply, or no ID to compare
	Nameless                   // a reply without an ID, although the cluster has one
	ThisCluster                // a member of this cluster, according to the ID in the header
	OtherCluster               // a member of another cluster, according to the ID in the header
)

// Result is the result of a call.
type Result struct {
	// Verdict is the verdict of the attempt that settled the call, or of the last attempt if none did. If no
	// attempt was made, Err says why.
	Verdict

	Member   *Member   // the member of the last attempt; nil if there was none
	Attempts []Attempt // the attempts that ended with no answer, or with a redirect that was followed, in order
	Ended    error     // a *contexts.Ended if the call's context has ended by then, errs.ErrClosed after Close, else nil

	// Leaderless means that in the last round a member knew of no leader, or named one that did not serve the
	// request either.
	Leaderless bool

	Open *Open // the successful reply to a call that waits; nil for other calls
}

// Settled reports whether a member has decided. Err is then the member's refusal, the reason why a success
// cannot be used, or nil.
func (r *Result) Settled() bool { return r.Outcome.settled() }

// Attempt is one attempt that settled nothing.
type Attempt struct {
	Endpoint string
	Duration time.Duration
	Missing  bool // the server does not have the path
	Err      error
}
