package chaos_test

import (
	"errors"

	"github.com/etcdv2/client/etcd"
)

// fate is what the library says of a write.
type fate int

const (
	applied fate = iota
	refused      // it was not applied and will not be
	unknown      // it may have been applied, or may be yet
)

func fateOf(err error) fate {
	switch {
	case err == nil:
		return applied
	case errors.Is(err, etcd.ErrOutcomeUnknown):
		return unknown
	}
	return refused
}

func (f fate) String() string { return [...]string{"applied", "refused", "unknown"}[f] }
