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
	// ErrOutcomeUnknown means that a failed write may have been applied. The connection broke after bytes were
	// sent, the server answered 5xx, something that is not a member of the cluster answered, or the deadline
	// passed while the write was in flight. A write that fails with any other error was not applied.
	ErrOutcomeUnknown = errs.New("etcd: outcome unknown")

	// ErrInvalidArgument means that the client refused a call before it sent anything, because etcd could not
	// store a key, value, TTL or condition, or would misread it.
	ErrInvalidArgument = errs.ErrInvalidArgument

	// ErrWrongCluster means that a member belongs to another cluster than the one that Config.ClusterID names or
	// that answered first. A write may have been applied there.
	ErrWrongCluster = errs.ErrWrongCluster

	// ErrClusterRolledBack means that a quorum read has shown the cluster to be behind an index that it had
	// reached before: it was rebuilt, or restored from a backup. A watch would wait for indexes that now belong
	// to other changes.
	ErrClusterRolledBack = errs.New("etcd: cluster is behind an index that it had reached")

	// ErrClosed means that the client was closed, before the call or while it ran. If the call's context has
	// ended too, the error is the context's. ErrClosed never comes from the cause of a call's context.
	ErrClosed = errs.ErrClosed
)

// Error is a reply of a server that is not a success. errors.Is finds its Code.
type Error struct {
	Code       ErrorCode // 0 if the reply has no errorCode: a proxy's page, a redirect
	Message    string    // the server's words; for a body that is not etcd's, its first 200 bytes in one line
	Cause      string    // the cause that the server names: for ErrKeyNotFound the first missing key
	Index      uint64    // the etcd index at the time of the reply; 0 if it has none
	StatusCode int       // HTTP status
	Method     string    // HTTP method of the request
	Path       string    // the request's path, /v2/keys/… with the key as the caller wrote it, not escaped
	Endpoint   string    // the member that answered
	cluster    string    // ID of the member's cluster; empty if the reply has none
	term       uint64    // of the log, at the member; 0 if the reply has none
}

// Error returns the request, the reply and the member in one line, and what the reply may mean. It hides the
// request's credentials if the reply quotes them, escapes control characters, and truncates long texts.
func (e *Error) Error() string { return e.text("") }

// text returns the text of the error with a reason, which ends in ": ", before what the server said.
func (e *Error) text(reason string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "etcd: %s %s: %s%s", e.Method, foreign.Line(e.Path, mostPathShown), reason, foreign.Line(e.Message, mostShown))
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

// Unwrap returns Code, or nil if there is none.
func (e *Error) Unwrap() error {
	if e.Code == 0 {
		return nil
	}
	return e.Code
}

// Attempt is one attempt of a request at one member.
type Attempt struct {
	Endpoint string        // the member
	Duration time.Duration // from the start of the attempt to its failure
	Err      error         // what went wrong: a network error, or an *Error for a reply that is not an answer
}

// ClusterError means that no member gave a usable answer to a request. If its context or Close ended the call,
// it unwraps to ctx.Err() or ErrClosed; the context's cause is only in its text. It also unwraps to the error
// of every attempt, to ErrOutcomeUnknown if a write may have been applied, and to ErrLeaderElect if a cluster of
// etcd 0.x had no leader for as long as an attempt may take.
//
// The error of a transport, a resolver or a TLS callback can be inspected, but it never matches an error of this
// package, whatever it wraps.
type ClusterError struct {
	Method   string    // HTTP method of the request
	Path     string    // the request's path with Config.VersionPrefix; the key in it is not escaped
	Attempts []Attempt // in the order in which they were made; at least one
	unknown  bool
	ended    error // what ended the call before it was through with the members; nil if nothing did

	leaderless bool // the members of etcd 0.x had no leader, so nothing was applied
}

// Error lists the attempts in one line: the last nine if there are more. Like the text of an Error, it truncates
// and escapes what other programs wrote, and hides the credentials of the request.
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
		fmt.Fprintf(&b, "%s after %v: %v", a.Endpoint, a.Duration.Round(time.Millisecond), foreign.Line(errs.Bare(a.Err).Error(), mostAttemptShown))
	}
	if e.ended != nil {
		ended := errs.Bare(e.ended).Error()
		if !strings.HasSuffix(b.String(), ended) { // the last attempt says it already
			b.WriteString("; then " + ended)
		}
	}
	return b.String()
}

// Unwrap returns what ended the call early, which is the context's error or ErrClosed, the attempts' errors, and
// ErrOutcomeUnknown or ErrLeaderElect if one of them applies.
func (e *ClusterError) Unwrap() []error {
	all := make([]error, 0, len(e.Attempts)+3)
	if e.ended != nil {
		all = append(all, e.ended)
	}
	for _, a := range e.Attempts {
		all = append(all, a.Err)
	}
	if e.unknown {
		all = append(all, ErrOutcomeUnknown)
	}
	if e.leaderless {
		all = append(all, ErrLeaderElect)
	}
	return all
}

// failed returns err as the reason why an operation on a key failed.
func failed(operation, key string, err error) error {
	return fmt.Errorf("etcd: %s %s: %w", operation, foreign.Line(key, mostPathShown), errs.Bare(err))
}

// How many bytes of a path, and of the error of an attempt, the text of an error shows, and how many
// attempts: those of three rounds through three members. While etcd 0.x has no leader there can be many more.
const (
	mostPathShown     = 500
	mostAttemptShown  = 1200
	mostAttemptsShown = 9
)

// Outcome is what is known about a request after an attempt at one member.
type Outcome int

// The outcomes of an attempt.
const (
	OutcomeAnswered Outcome = iota // the member has decided: done, or refused and not done
	OutcomeNotSent                 // no part of the request was sent
	OutcomeUnknown                 // sent, and no answer that settles whether it was done
)

var outcomeWords = map[Outcome]string{
	OutcomeAnswered: "answered", OutcomeNotSent: "not sent", OutcomeUnknown: "unknown",
}

// String returns the outcome in words.
func (o Outcome) String() string { return cmp.Or(outcomeWords[o], "outcome "+strconv.Itoa(int(o))) }
