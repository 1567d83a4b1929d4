package etcd

import "strconv"

// Outcome says what is known of a request after an attempt at one member.
type Outcome int

// The outcomes of an attempt.
const (
	OutcomeAnswered Outcome = iota // the member has decided: done, or refused and not done
	OutcomeNotSent                 // nothing of the request has left
	OutcomeUnknown                 // sent, and no answer that settles whether it was done
)

// String returns the outcome in words.
func (o Outcome) String() string {
	switch o {
	case OutcomeAnswered:
		return "answered"
	case OutcomeNotSent:
		return "not sent"
	case OutcomeUnknown:
		return "unknown"
	}
	return "outcome " + strconv.Itoa(int(o))
}
