package etcd

import (
	"errors"
	"net"

	"github.com/etcdv2/client/internal/errs"
)

// errNoIndex says that an answer lacks the index that etcd sends with every answer on keys.
var errNoIndex = errs.New("etcd: the server did not report its index")

// Retryable reports whether the same call may succeed if it is made again, because no member has decided
// anything. The watches, mirrors, locks and elections of this library use it; callers can use it in loops of
// their own.
//
// It is true for
//
//   - a *ClusterError, unless every member has answered that it belongs to another cluster,
//   - a watch's answer with a success status that is not etcd's: a proxy's page, one without etcd's index,
//   - ErrAuthNotReady, and a failed DNS lookup of members.
//
// It is false for nil, a refusal by etcd, ErrNotSupported, ErrInvalidArgument, ErrWrongCluster,
// ErrClusterRolledBack, ErrClosed, and errors from other sources, such as a context. It does not check the
// call's context. A loop must do so, because the context may have caused a *ClusterError.
//
// A watch that is running repeats a request that is refused with ErrUnauthorized; see Client.SetCredentials.
//
// Retryable does not say whether it is safe to make a write again: a write that failed with ErrOutcomeUnknown
// may have been applied.
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
