//go:build unix

package lockhistory_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkLimit is how long the check of one history may take before it counts as undecided.
const checkLimit = time.Minute

// history is what has happened to one lock.
type history struct {
	kind  kind
	began time.Time

	mu    sync.Mutex
	ops   []porcupine.Operation
	locks int // that were taken
}

func newHistory(k kind) *history { return &history{kind: k, began: time.Now()} }

// at returns the moment on the history's clock.
func (h *history) at(t time.Time) int64 { return int64(t.Sub(h.began)) }

func (h *history) now() int64 { return h.at(time.Now()) }

// number returns the number of the next lock that is taken.
func (h *history) number() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.locks++
	return h.locks
}

func (h *history) taken() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.locks
}

// add notes something that a client did from one moment to another.
func (h *history) add(client int, from, to int64, in act, out outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Call: from, Output: out, Return: max(from, to)})
}

// counted returns how often something was done.
func (h *history) counted(v verb) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, op := range h.ops {
		if op.Input.(act).verb == v {
			n++
		}
	}
	return n
}

func (h *history) check() porcupine.CheckResult {
	h.mu.Lock()
	defer h.mu.Unlock()
	return porcupine.CheckOperationsTimeout(h.kind.model(), h.ops, checkLimit)
}

// show leaves a picture of the history among the test's artifacts.
func (h *history) show(t *testing.T) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, info := porcupine.CheckOperationsVerbose(h.kind.model(), h.ops, checkLimit)
	path := filepath.Join(t.ArtifactDir(), strings.ReplaceAll(h.kind.name, " ", "-")+".html")
	if err := porcupine.VisualizePath(h.kind.model(), info, path); err != nil {
		return err.Error()
	}
	return path
}
