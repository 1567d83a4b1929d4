package etcd

import (
	"errors"
	"net"
)

// errNoIndex says of an answer that it lacks the index that etcd sends with every answer on keys.
var errNoIndex = errors.New("the server did not tell its index")

// Retryable reports whether the same call may succeed when it is made again: no member has decided anything.
// It is what the watches, mirrors, locks and elections of this library go by, and meant for loops of the
// caller's own.
//
// It is true for
//
//   - a *ClusterError, unless every member has answered that it belongs to another cluster,
//   - an answer that is not etcd's although its status says success, as a proxy's page,
//   - ErrAuthNotReady, and a failure of the DNS to name members.
//
// It is false for nil, a refusal by etcd, ErrNotSupported, ErrInvalidArgument, ErrWrongCluster,
// ErrClusterRolledBack, ErrClosed, and errors of others, such as those of a context. It does not look at the
// call's context, which a loop has to do as well: a *ClusterError may say that the context ended the call.
//
// Whether it is safe to make a write again is another question: one that failed with ErrOutcomeUnknown may
// have been applied.
func Retryable(err error) bool {
	var unanswered *ClusterError
	var reply *Error
	var lookup *net.DNSError
	switch {
	case err == nil, errors.Is(err, ErrClosed):
		return false
	case errors.As(err, &unanswered):
		return !unanswered.all(ErrWrongCluster)
	case errors.As(err, &reply):
		return reply.StatusCode < 300 || errors.Is(err, ErrAuthNotReady)
	}
	return errors.Is(err, errNoIndex) || errors.As(err, &lookup)
}

// all reports whether every attempt failed for the same reason.
func (e *ClusterError) all(reason error) bool {
	for _, attempt := range e.Attempts {
		if !errors.Is(attempt.Err, reason) {
			return false
		}
	}
	return true
}
