//go:build unix

package lockhistory_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// act is what a client does with a lock. Each lock that was taken has a number of its own.
type act struct {
	verb   verb
	lock   int
	shared bool
	token  uint64
	ttl    time.Duration // of the acquisition, or to extend to
}

type verb string

const (
	acquire  verb = "acquire"
	extend   verb = "extend"
	setValue verb = "set value"
	unlock   verb = "unlock"
	lose     verb = "lose" // the lock's context has ended
)

// outcome is what the client heard. It does not note what failed, except for an unlock.
type outcome struct {
	failed  bool
	granted time.Duration // an extended lock's, from before the call on
}

// holders are those who have the lock, and the tokens that there have been.
type holders struct {
	locks       []act // by number
	most        uint64
	mostWriters uint64 // of those that were not shared
}

// kind is what a kind of lock promises.
type kind struct {
	name   string
	admits func(others []act, shared bool) bool
	slots  bool // several hold, and in an order that tokens say nothing of
}

// model is a lock as it would be on a single machine. An acquisition is legal if those who hold the lock at
// that moment admit it: up to their unlock, or up to the end of their context, from which on others may hold.
// What is done to a lock, such as extending it, is legal only while it is held.
func (k kind) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return holders{} },
		Step: func(state, input, output any) (bool, any) {
			return k.step(state.(holders), input.(act), output.(outcome))
		},
		Equal: func(a, b any) bool {
			one, other := a.(holders), b.(holders)
			return one.most == other.most && one.mostWriters == other.mostWriters && slices.Equal(one.locks, other.locks)
		},
		DescribeOperation: func(input, output any) string {
			in, out := input.(act), output.(outcome)
			return fmt.Sprintf("%s %d: token %d, shared %v, TTL %v -> %+v", in.verb, in.lock, in.token, in.shared, in.ttl, out)
		},
	}
}

func (k kind) step(s holders, in act, out outcome) (bool, holders) {
	at := slices.IndexFunc(s.locks, func(a act) bool { return a.lock == in.lock })
	held := at >= 0
	switch in.verb {
	case acquire:
		return k.acquire(s, in)
	case extend:
		return held && out.granted >= in.ttl, s
	case setValue:
		return held, s
	case unlock:
		if !held {
			return out.failed, s
		}
	case lose:
		if !held {
			return false, s
		}
	}
	s.locks = slices.Delete(slices.Clone(s.locks), at, at+1)
	return true, s
}

// acquire adds a holder, whose token has to be greater than those of all before whom it excludes.
func (k kind) acquire(s holders, in act) (bool, holders) {
	last := s.most
	if in.shared {
		last = s.mostWriters
	}
	if !k.admits(s.locks, in.shared) || !k.slots && in.token <= last {
		return false, s
	}
	s.most = max(s.most, in.token)
	if !in.shared {
		s.mostWriters = max(s.mostWriters, in.token)
	}
	s.locks = append(slices.Clone(s.locks), in)
	slices.SortFunc(s.locks, func(a, b act) int { return a.lock - b.lock })
	return true, s
}
