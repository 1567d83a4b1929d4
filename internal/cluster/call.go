package cluster

import (
	"net/http"
	"time"
)

// Call is a request and what its caller intends. Nothing here reads the intent out of the request.
type Call struct {
	// Request is what to send. Its URL has the path and the query of the API, no scheme and no host; its
	// body, if it has one, can be had again from GetBody. Do adds the credentials to its header.
	Request *http.Request

	// Read says that the request changes nothing: it may be sent to one member after the other.
	Read bool

	// Wait says that the body of a success comes later than its header, whenever there is an event. Do then
	// returns once the header has come: see Result.Open.
	Wait bool

	// Pulse, if it is set, is told of each sign of life of the member on which a call waits, by any
	// goroutine. confirmed says that the member answered a question asked after the call had reached it.
	Pulse func(confirmed bool)

	// Answer sorts the replies.
	Answer Answer
}

// Answer sorts the replies to a call.
type Answer interface {
	// Sort reads the whole of a reply and says what it means, or returns the error of reading. It is called
	// within the attempt, so that reading is bounded with it, and again for the reply to each further
	// attempt. The body is closed by its caller.
	Sort(reply Reply) (Verdict, error)
}

// Reply is the reply of a member, of which the header has been read.
type Reply struct {
	*http.Response
	Endpoint string // of the member

	// Seen is the highest etcd index that the cluster had told when the request was sent. A member that is
	// behind it proves by its own copy of the data that something is there, and not that something is
	// missing. It is 0 where members of different clusters may answer, since their indexes cannot be
	// compared.
	Seen uint64
}

// Verdict says what an attempt has settled.
type Verdict struct {
	Outcome Outcome
	Author  Author
	Err     error  // why there is no answer to use; nil only where the outcome is Done
	Index   uint64 // the etcd index that a reply told; 0 where it told none
	Leader  string // the URL at which a redirect names the leader; empty in other replies
	Missing bool   // the server does not have the path at all
}

// Outcome says what is known of a request after an attempt.
type Outcome int

// The outcomes. The zero value claims nothing.
const (
	Unknown Outcome = iota // sent, and no answer that settles whether it was done
	NotSent                // nothing of the request has left this process
	Refused                // the member has decided: it was not done
	Done                   // the member has decided: it was done
)

// settled reports whether a member has decided.
func (o Outcome) settled() bool { return o == Refused || o == Done }

// Author says who wrote a reply, as far as anybody has looked.
type Author int

// The authors.
const (
	Unidentified Author = iota // there is no reply, or it has no ID, or none is compared
	ThisCluster                // a member of this cluster, by the ID in the header
	OtherCluster               // a member of another cluster, by the ID in the header
)

// Result is how a call has come out.
type Result struct {
	// Verdict is that of the attempt that settled the call, or else of the last one. Without any attempt, Err
	// says why none was made.
	Verdict

	Member   *Member   // at which the last attempt was made; nil if none was
	Attempts []Attempt // those that settled nothing, in order
	Ended    error     // the cause of the context's end, if that ended the call before all members were tried
	Open     *Open     // the success of a call that waits; nil for others
}

// Settled reports whether a member has decided: Err is then its refusal, or nil.
func (r *Result) Settled() bool { return r.Outcome.settled() }

// Attempt is one attempt that settled nothing.
type Attempt struct {
	Endpoint string
	Duration time.Duration
	Err      error
}
