//go:build unix

package exclusion_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

const (
	groups  = 4
	inside  = 12 // contenders in this process
	outside = 4  // and in processes of their own
)

func never() bool { return false }

// Whatever breaks, no two contenders hold the lock at the same time, and its tokens only grow.
func TestNoTwoHolders(t *testing.T) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			a := newArena(t, version, groups)
			a.compete(inside, outside, 40, viaLibrary, faults, never)
			for _, violation := range a.history.violations() {
				t.Error(violation)
			}
			if a.history.count(accepted) < 10 {
				t.Error("hardly anybody ever held the lock")
			}
			a.summarize()
		})
	}
}
