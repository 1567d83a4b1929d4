// Package scale_test measures what a client costs its cluster and itself: connections, requests and memory,
// while the number of its watches, mirrors and locks grows.
//
// In `make test` every measurement is made with few of them, to see that it works. With SCALE=1, as `make
// bench-scale` has it, the numbers are those of the issue that the bounds come from, and the test fails where a
// bound is missed.
package scale_test

import (
	"os"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// full reports whether the measurements are made at length.
func full() bool { return os.Getenv("SCALE") != "" }

// size returns how many of something there are.
func size(few, many int) int {
	if full() {
		return many
	}
	return few
}

// versions are the kinds of servers: in the short form one, which is enough to see that a measurement works.
func versions() []etcdtest.Version {
	return []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23}[:size(1, 2)]
}

// onEach runs a measurement on each kind of server. Short measurements run beside each other.
func onEach(t *testing.T, measure func(t *testing.T, endpoint string)) {
	if !full() {
		t.Parallel()
	}
	for _, version := range versions() {
		t.Run(string(version), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version)))
			measure(t, cluster.Endpoints()[0])
		})
	}
}

// atMost fails the test if a figure is above its bound.
func atMost(t *testing.T, what string, got, bound float64) {
	t.Helper()
	t.Logf("scale: %s: %.4g, at most %.4g", what, got, bound)
	if full() && got > bound {
		t.Errorf("%s: %.4g is above %.4g", what, got, bound)
	}
}
