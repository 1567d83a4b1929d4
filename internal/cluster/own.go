package cluster

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// What goes wrong in this process or on its host says nothing about a member. The member is not set aside for
// it, and the requests that wait on the member stay open. There are two such failures: a connection cannot be
// opened, or the process has not run when it should have.

// shortage returns the error for an attempt that failed with err because this process or its host is out of
// files, buffers, memory or ports, or nil if err has another reason.
func shortage(err error) error {
	var lookup *net.DNSError
	for _, short := range shortages {
		switch {
		case errors.Is(err, short):
			return fmt.Errorf("%w: %w", errs.ErrNoConnection, errs.External(err))
		case errors.As(err, &lookup) && strings.HasSuffix(lookup.Err, short.Error()): // it has the text only
			return fmt.Errorf("%w: look up %s: %w", errs.ErrNoConnection, lookup.Name, short)
		}
	}
	return nil
}

// isDial reports whether err is the failure of an attempt to open a connection.
func isDial(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

// leastLate is by how much a time limit must be exceeded before the process counts as late. The scheduler of a
// process that has enough CPU is rarely so late.
const leastLate = 50 * time.Millisecond

// isLate reports whether now is so long after a time limit that this process cannot have run in between. Then
// the reply may have arrived in time.
func isLate(now, start time.Time, limit time.Duration) bool {
	return limit > 0 && now.Sub(start)-limit > max(limit/10, leastLate)
}
