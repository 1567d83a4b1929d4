package gateway_test

import (
	"errors"
	"fmt"

	"github.com/etcdv2/client/etcd"
)

// A verb is a method of the library's client.
type verb string

const (
	set              verb = "Set"
	create           verb = "Create"
	update           verb = "Update"
	compareAndSwap   verb = "CompareAndSwap"
	createInOrder    verb = "CreateInOrder"
	remove           verb = "Delete"
	compareAndDelete verb = "CompareAndDelete"
	get              verb = "Get"
	exists           verb = "Exists"
)

// call is one call of the library and its result.
type call struct {
	verb   verb
	key    string // of CreateInOrder the directory
	value  string // written by this call only; empty for reads and deletions
	prev   etcd.Prev
	unique bool // WithUniqueValue
	quorum bool

	client       int
	began, ended int64  // by the run's clock
	seen         uint64 // the highest index that the client had been told before
	resp         *etcd.Response
	exists       bool
	err          error
	trail        []string // what the gateways did with its requests
	planted      bool     // a planted bug has changed the result
}

func (c *call) reads() bool   { return c.verb == get || c.verb == exists }
func (c *call) deletes() bool { return c.verb == remove || c.verb == compareAndDelete }
func (c *call) swaps() bool   { return c.verb == compareAndSwap || c.verb == compareAndDelete }

func (c *call) String() string {
	text := fmt.Sprintf("client %d: %s %s %q", c.client, c.verb, c.key, c.value)
	switch {
	case c.swaps():
		text += fmt.Sprintf(" with %+v", c.prev)
	case c.quorum:
		text += " with quorum"
	}
	if c.unique {
		text += " with unique value"
	}
	switch {
	case c.err != nil:
		return text + fmt.Sprintf(" = %v", c.err)
	case c.verb == exists:
		return text + fmt.Sprintf(" = %v", c.exists)
	}
	return text + fmt.Sprintf(" = %s %+v, before %+v, at %d", c.resp.Action, c.resp.Node, c.resp.PrevNode, c.resp.Index)
}

// fate is what the library says about a write.
type fate string

const (
	applied fate = "applied"
	refused fate = "not applied"
	unknown fate = "unknown"
)

func (c *call) fate() fate {
	switch {
	case c.err == nil:
		return applied
	case errors.Is(c.err, etcd.ErrOutcomeUnknown):
		return unknown
	}
	return refused
}

// conclusions are the errors from which a caller concludes something about keys, permissions or servers.
var conclusions = []error{
	etcd.ErrKeyNotFound, etcd.ErrCompareFailed, etcd.ErrNotFile, etcd.ErrNotDir, etcd.ErrNodeExist, etcd.ErrRootReadOnly,
	etcd.ErrDirNotEmpty, etcd.ErrUnauthorized, etcd.ErrEventIndexCleared, etcd.ErrInvalidArgument, etcd.ErrNotSupported,
	etcd.ErrClusterRolledBack, etcd.ErrClosed,
}

// concluded returns the conclusion that err allows, or nil.
func concluded(err error) error {
	for _, conclusion := range conclusions {
		if errors.Is(err, conclusion) {
			return conclusion
		}
	}
	return nil
}
