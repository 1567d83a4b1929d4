package chaos_test

import (
	"fmt"
	"math"
	"path/filepath"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkLimit is how long one history's check may take before it counts as undecided.
const checkLimit = 30 * time.Second

// call is what a client asked of a key, and outcome what it heard. Every written value is written by
// one call only, so a value says which write it comes from, and comparing indexes is comparing values.
type call struct {
	verb  string // get, set or swap
	value string // what is written
	prev  string // what a swap compares with
}

type outcome struct {
	fate fate
	seen string // what a get returned or a set replaced; "" where there was nothing
}

// cas is the model of a key: its state is its value, "" where it does not exist.
var cas = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		in, out := input.(call), output.(outcome)
		switch {
		case in.verb == "get":
			return out.seen == state, state
		case in.verb == "set":
			return out.fate == unknown || out.seen == state, in.value
		case out.fate == refused:
			return in.prev != state, state
		case in.prev == state:
			return true, in.value
		}
		// A swap that compares with something else has no effect, and says so if it can.
		return out.fate == unknown, state
	},
	DescribeOperation: func(input, output any) string {
		in, out := input.(call), output.(outcome)
		return fmt.Sprintf("%s %s %s -> %v %s", in.verb, in.prev, in.value, out.fate, out.seen)
	},
}

// history is what happened to some keys, for a checker that knows nothing of etcd.
type history struct {
	*run
	mu   sync.Mutex
	keys map[string][]porcupine.Operation
}

func newHistory(r *run) *history { return &history{run: r, keys: map[string][]porcupine.Operation{}} }

// now is the time on the histories' clock.
func (h *history) now() int64 { return int64(time.Since(h.start)) }

// add notes a call that has come back. One of unknown outcome may take effect at any time from its
// start on, or never, which is the same as at the very end.
func (h *history) add(worker int, key string, began int64, in call, out outcome) {
	ended := h.now()
	if out.fate == unknown {
		ended = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys[key] = append(h.keys[key], porcupine.Operation{
		ClientId: worker, Input: in, Call: began, Output: out, Return: ended,
	})
}

// violations checks every key's history and returns the keys for which there is no order of the calls
// that explains it.
func (h *history) violations() []string {
	var illegal []string
	for key, ops := range h.keys {
		began := time.Now()
		result := porcupine.CheckOperationsTimeout(cas, ops, checkLimit)
		h.longest("check", time.Since(began))
		h.count("histories checked", 1)
		h.count("operations in them", len(ops))
		switch result {
		case porcupine.Illegal:
			illegal = append(illegal, key)
		case porcupine.Unknown:
			h.count("histories undecided", 1)
		}
	}
	return illegal
}

// show leaves a picture of a key's history among the test's artifacts.
func (h *history) show(key string) string {
	_, info := porcupine.CheckOperationsVerbose(cas, h.keys[key], checkLimit)
	path := filepath.Join(h.t.ArtifactDir(), filepath.Base(key)+".html")
	if err := porcupine.VisualizePath(cas, info, path); err != nil {
		return err.Error()
	}
	return path
}
