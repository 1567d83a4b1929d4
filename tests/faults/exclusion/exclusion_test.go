//go:build unix

package exclusion_test

import (
	"slices"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

const (
	groups = 4
	inside = 12 // contenders in this process
)

// outside are those in processes of their own.
var outside = []string{"mutex", "mutex", "identity", "permanent"}

func never() bool { return false }

// Whatever breaks, no two contenders hold the lock at the same time, and its tokens only grow.
func TestNoTwoHolders(t *testing.T) {
	faults := append(slices.Clone(faults), restarts...)
	eachServer(t, both, func(a *arena) { a.compete(inside, outside, 40, viaMutex, faults, never) }, one)
}

// Nor do two have the lock that is one key, whether they use this library or not. The short form is for one kind
// of server.
func TestNoTwoHoldersOfASingleKey(t *testing.T) {
	outside := []string{"single key", "single key", "by hand", "by hand"}
	versions := both
	if !atLength() {
		versions = both[:1]
	}
	eachServer(t, versions, func(a *arena) {
		a.lock = singleKey
		a.compete(inside, outside, 40, viaSingleKey, faults, never)
	}, one)
}

// Nor do a reader and a writer, or two writers.
func TestNoReaderBesideAWriter(t *testing.T) {
	eachServer(t, both, func(a *arena) { a.compete(inside+len(outside), nil, 40, viaRWMutex, faults, never) }, readersOrOneWriter)
}

// Nor more than a semaphore has slots.
func TestNoMoreHoldersThanSlots(t *testing.T) {
	eachServer(t, both, func(a *arena) { a.compete(inside+len(outside), nil, 40, viaSemaphore, faults, never) }, upTo(limit))
}

var both = []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23}

func eachServer(t *testing.T, versions []etcdtest.Version, compete func(*arena), admitted admits) {
	for _, version := range versions {
		t.Run(string(version), func(t *testing.T) {
			a := newArena(t, version, groups)
			compete(a)
			for _, violation := range a.history.violations(admitted) {
				t.Error(violation)
			}
			a.summarize()
		})
	}
}
