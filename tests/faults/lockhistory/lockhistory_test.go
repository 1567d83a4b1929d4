//go:build unix

package lockhistory_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// few is how many locks of each kind are taken by default.
const few = 2

// Whatever fails, there is an order of all that clients did with a lock in which nobody held it beside one whom
// it excludes, and in the end none of its keys is left.
func TestHistoriesAreLegal(t *testing.T) {
	enough, long := few, false
	if text := os.Getenv("LOCK_HISTORY"); text != "" {
		enough, long = live.Must[int](t)(strconv.Atoi(text)), true
	}
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			if !long {
				t.Parallel() // most of it is waiting
			}
			s := newScene(t, version)
			t.Logf("LOCK_HISTORY_SEED=%d", s.seed)
			for _, m := range makers {
				t.Run(m.kind.name, func(t *testing.T) {
					h := newHistory(m.kind)
					wait := s.contend(t, h, nameOf(m.kind), m.make, func() bool { return h.taken() >= enough })
					mend := s.breaking(t, h)
					wait()
					h.say(t, long, "%d faults", mend())
					h.mustBeLegal(t, long)
				})
			}
			s.mustBeEmpty(t)
		})
	}
}

func nameOf(k kind) string { return "/locks/" + strings.ReplaceAll(k.name, " ", "-") }

// mustBeLegal fails the test where the history is not, and says how much there was in it.
func (h *history) mustBeLegal(t *testing.T, long bool) {
	t.Helper()
	result := h.check()
	if result != porcupine.Ok {
		t.Errorf("the history of the %s is %v, see %s", h.kind.name, result, h.show(t))
	}
	h.say(t, long, "%d acquired, %d extended, %d renamed, %d unlocks, %d lost: %v",
		h.counted(acquire), h.counted(extend), h.counted(setValue), h.counted(unlock), h.counted(lose), result)
}

// say tells of the history, also to one who waits for it.
func (h *history) say(t *testing.T, long bool, format string, args ...any) {
	line := fmt.Sprintf("%s, after %v: ", h.kind.name, time.Since(h.began).Round(time.Millisecond)) + fmt.Sprintf(format, args...)
	t.Log(line)
	if long {
		fmt.Printf("%s: %s\n", t.Name(), line)
	}
}

// mustBeEmpty waits until no key of a lock is left: one whose client was cut off lasts for its TTL.
func (s *scene) mustBeEmpty(t *testing.T) {
	t.Helper()
	client := live.Client(t, s.cluster.Endpoints()...)
	live.Eventually(t, "no key is left", func() bool {
		resp, err := client.Get(t.Context(), "/locks", etcd.WithQuorum(), etcd.WithRecursive())
		if errors.Is(err, etcd.ErrKeyNotFound) {
			return true
		}
		if err != nil {
			return false
		}
		for range resp.Node.Leaves() {
			return false
		}
		return true
	})
}
