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
	eachServer(t, shortly(etcdtest.Etcd35), func(a *arena) { a.compete(inside, outside, 40, viaMutex, faults, never) }, one)
}

// Nor do two have the lock that is one key, whether they use this library or not.
func TestNoTwoHoldersOfASingleKey(t *testing.T) {
	outside := []string{"single key", "single key", "by hand", "by hand"}
	eachServer(t, shortly(etcdtest.Etcd35), func(a *arena) {
		a.lock = singleKey
		a.compete(inside, outside, 40, viaSingleKey, faults, never)
	}, one)
}

// Nor do a reader and a writer, or two writers.
func TestNoReaderBesideAWriter(t *testing.T) {
	leaveToSimulation(t)
	eachServer(t, shortly(etcdtest.Etcd23), func(a *arena) { a.compete(inside+len(outside), nil, 40, viaRWMutex, faults, never) }, readersOrOneWriter)
}

// Nor more than a semaphore has slots.
func TestNoMoreHoldersThanSlots(t *testing.T) {
	leaveToSimulation(t)
	eachServer(t, shortly(etcdtest.Etcd23), func(a *arena) { a.compete(inside+len(outside), nil, 40, viaSemaphore, faults, never) }, upTo(limit))
}

// leaveToSimulation skips a test of which the short form finds less than the simulated cluster does in the same time.
func leaveToSimulation(t *testing.T) {
	if !atLength() {
		t.Skip("make chaos runs it; package sim has the short form")
	}
}

var both = []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23}

// shortly returns the one kind of server that the short form of a test uses. At length it is both.
func shortly(version etcdtest.Version) []etcdtest.Version {
	if atLength() {
		return both
	}
	return []etcdtest.Version{version}
}

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
