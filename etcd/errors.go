package etcd

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/foreign"
)

var (
	// ErrOutcomeUnknown says of a failed write that it may or may not have been applied: the connection broke
	// after bytes were sent, the server answered 5xx, something that is not a member of the cluster answered,
	// or the deadline passed in flight. A write that fails with any other error was not applied.
	ErrOutcomeUnknown = errs.New("etcd: outcome unknown")

	// ErrInvalidArgument says that a call was refused before anything was sent: a key, value, TTL or
	// condition that etcd cannot hold or would misread.
	ErrInvalidArgument = errs.ErrInvalidArgument

	// ErrWrongCluster says that a member belongs to another cluster than the one that Config.ClusterID names,
	// or that answered first. A write to it may have been applied, there.
	ErrWrongCluster = errs.ErrWrongCluster

	// ErrClusterRolledBack says that the cluster, asked with a quorum read, is behind an index that it has
	// shown before: it was built anew, or restored from a backup. A watch would wait for indexes that now
	// belong to other changes.
	ErrClusterRolledBack = errs.New("cluster is behind what it has shown before")

	// ErrClosed says that the client was closed, before the call or while it ran. It never comes from the
	// cause of a call's context.
	ErrClosed = errs.ErrClosed
)

// Error is a reply of a server that is not a success. errors.Is finds its Code.
type Error struct {
	Code       ErrorCode // 0 where the reply carried no errorCode: a proxy's page, a redirect
	Message    string    // the server's words; for a body that is not etcd's its first 200 bytes, in one line
	Cause      string    // what the server names as cause: for ErrKeyNotFound the first missing key
	Index      uint64    // the etcd index at the time of the reply; 0 where it gave none
	StatusCode int       // HTTP status
	Method     string    // HTTP method of the request
	Path       string    // the request's path, /v2/keys/… with the key as it is written, not escaped
	Endpoint   string    // the member that answered
	cluster    string    // ID of the member's cluster, where it told
}

// Error tells request, reply and member in one line, and what the reply may mean. Credentials of the request
// that the reply quotes are hidden, control characters escaped, and long texts truncated.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "etcd: %s %s: %s", e.Method, foreign.Line(e.Path, mostPathShown), foreign.Line(e.Message, mostShown))
	if e.Cause != "" {
		fmt.Fprintf(&b, " (%s)", foreign.Line(e.Cause, mostShown))
	}
	fmt.Fprintf(&b, " [status %d", e.StatusCode)
	if e.Code != 0 {
		fmt.Fprintf(&b, ", code %d", int(e.Code))
	}
	if e.Index != 0 {
		fmt.Fprintf(&b, ", index %d", e.Index)
	}
	fmt.Fprintf(&b, ", %s]%s", e.Endpoint, e.advice())
	return b.String()
}

// Unwrap returns Code, or nil where there is none.
func (e *Error) Unwrap() error {
	if e.Code == 0 {
		return nil
	}
	return e.Code
}

// Attempt is one try of a request at one member.
type Attempt struct {
	Endpoint string        // the member
	Duration time.Duration // from the start of the attempt to its failure
	Err      error         // what went wrong: a network error, or an *Error for a reply that is not an answer
}

// ClusterError says that no member gave a usable answer to a request. If its context or Close ended the call,
// it unwraps to ctx.Err() or ErrClosed; the context's cause is only in its text. It also unwraps to the error
// of every attempt, to ErrOutcomeUnknown where a write may have been applied, and to ErrLeaderElect where a
// cluster of etcd 0.x had no leader for as long as an attempt may take.
type ClusterError struct {
	Method   string    // HTTP method of the request
	Path     string    // the request's path with Config.VersionPrefix; the key in it is not escaped
	Attempts []Attempt // in the order they were made; at least one
	unknown  bool
	ended    error // what ended the call before it was through with the members; nil if nothing did

	leaderless bool // the members of etcd 0.x had no leader, so nothing was applied
}

// Error lists the attempts in one line, the last nine if there are more.
func (e *ClusterError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "etcd: %s %s: ", e.Method, foreign.Line(e.Path, mostPathShown))
	switch {
	case e.unknown:
		b.WriteString("outcome unknown, it may have been applied: ")
	case e.leaderless:
		b.WriteString("no leader: ")
	}
	attempts := e.Attempts
	if before := len(attempts) - mostAttemptsShown; before > 0 {
		fmt.Fprintf(&b, "earlier attempts: %d; ", before)
		attempts = attempts[before:]
	}
	for i, a := range attempts {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s after %v: %v", a.Endpoint, a.Duration.Round(time.Millisecond), foreign.Line(a.Err.Error(), mostAttemptShown))
	}
	if e.ended != nil && !strings.HasSuffix(b.String(), e.ended.Error()) { // the last attempt says it already
		fmt.Fprintf(&b, "; then %v", e.ended)
	}
	return b.String()
}

// Unwrap returns what ended the call early, which is the context's error or ErrClosed, the attempts' errors,
// and ErrOutcomeUnknown or ErrLeaderElect where one holds.
func (e *ClusterError) Unwrap() []error {
	errs := make([]error, 0, len(e.Attempts)+3)
	if e.ended != nil {
		errs = append(errs, e.ended)
	}
	for _, a := range e.Attempts {
		errs = append(errs, a.Err)
	}
	if e.unknown {
		errs = append(errs, ErrOutcomeUnknown)
	}
	if e.leaderless {
		errs = append(errs, ErrLeaderElect)
	}
	return errs
}

// How many bytes of a path, and of the error of an attempt, the text of an error shows, and how many
// attempts: those of three rounds through three members. While etcd 0.x has no leader there can be many more.
const (
	mostPathShown     = 500
	mostAttemptShown  = 1200
	mostAttemptsShown = 9
)

// Outcome says what is known of a request after an attempt at one member.
type Outcome int

// The outcomes of an attempt.
const (
	OutcomeAnswered Outcome = iota // the member has decided: done, or refused and not done
	OutcomeNotSent                 // nothing of the request has left
	OutcomeUnknown                 // sent, and no answer that settles whether it was done
)

var outcomeWords = map[Outcome]string{
	OutcomeAnswered: "answered", OutcomeNotSent: "not sent", OutcomeUnknown: "unknown",
}

// String returns the outcome in words.
func (o Outcome) String() string { return cmp.Or(outcomeWords[o], "outcome "+strconv.Itoa(int(o))) }
