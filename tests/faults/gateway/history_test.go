package gateway_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/etcdv2/client/etcd"
)

// mostBehind is the number of events by which the history may lag behind the calls. A server remembers 1,000.
const mostBehind = 500

// event is a change as the server reports it, read without the library.
type event struct {
	Action   etcd.Action
	Node     node
	PrevNode *node
}

type node struct {
	Key           string
	Value         string
	Dir           bool
	ModifiedIndex uint64
	CreatedIndex  uint64
}

// deletes reports whether the event leaves nothing behind.
func (e event) deletes() bool {
	return e.Action == etcd.ActionDelete || e.Action == etcd.ActionCompareAndDelete || e.Action == etcd.ActionExpire
}

// history is every change of a directory, as one member reports them without a gateway.
type history struct {
	dir    string
	start  uint64 // an index of the store before the directory existed
	events []event
	states map[string][]state // of each key, in order
	writes map[string][]event // by the value written

	mu    sync.Mutex
	moved *sync.Cond
	last  uint64
	err   error // why the recording ended early
}

// state is the state of a key from an index on. The zero value means that the key does not exist.
type state struct {
	from              uint64
	exists            bool
	value             string
	created, modified uint64
}

func newHistory(dir string, start uint64) *history {
	h := &history{dir: dir, start: start, last: start, states: map[string][]state{}, writes: map[string][]event{}}
	h.moved = sync.NewCond(&h.mu)
	return h
}

// record follows the member at endpoint until the key end is written. Nothing else may be written to the
// cluster meanwhile, so that every index is a change of the directory, and a missing index is an error.
func (h *history) record(ctx context.Context, endpoint, end string) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for {
		e, err := h.poll(ctx, transport, endpoint)
		if err == nil && e.Node.ModifiedIndex != h.last+1 {
			err = fmt.Errorf("a gap: %d follows %d", e.Node.ModifiedIndex, h.last)
		}
		h.mu.Lock()
		if h.err = err; err == nil {
			h.last++
			h.add(e)
		}
		h.moved.Broadcast()
		h.mu.Unlock()
		if err != nil || e.Node.Key == end {
			return
		}
	}
}

// poll returns the next event.
func (h *history) poll(ctx context.Context, transport *http.Transport, endpoint string) (e event, err error) {
	url := fmt.Sprintf("%s/v2/keys%s?wait=true&recursive=true&waitIndex=%d", endpoint, h.dir, h.last+1)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return e, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return e, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return e, err
	}
	if resp.StatusCode != http.StatusOK {
		return e, fmt.Errorf("%s: %s", resp.Status, body)
	}
	return e, json.Unmarshal(body, &e)
}

// add appends an event.
func (h *history) add(e event) {
	h.events = append(h.events, e)
	s := state{from: e.Node.ModifiedIndex}
	if !e.deletes() {
		s.exists, s.value = true, e.Node.Value
		s.created, s.modified = e.Node.CreatedIndex, e.Node.ModifiedIndex
		h.writes[e.Node.Value] = append(h.writes[e.Node.Value], e)
	}
	h.states[e.Node.Key] = append(h.states[e.Node.Key], s)
}

// keepUp waits until the history is close enough to index that the server cannot forget an event before it is
// recorded. It returns the error that ended the recording, if any.
func (h *history) keepUp(index uint64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.err == nil && index > h.last+mostBehind {
		h.moved.Wait()
	}
	return h.err
}

// at returns the state of a key at index.
func (h *history) at(key string, index uint64) state {
	states := h.states[key]
	i, found := slices.BinarySearchFunc(states, index, func(s state, index uint64) int { return cmp.Compare(s.from, index) })
	switch {
	case found:
		return states[i]
	case i == 0:
		return state{}
	}
	return states[i-1]
}

// was reports whether a key was in a certain state at any index between from and to, both included.
func (h *history) was(key string, from, to uint64, certain func(state) bool) bool {
	if certain(h.at(key, from)) {
		return true
	}
	return slices.ContainsFunc(h.states[key], func(s state) bool { return s.from > from && s.from <= to && certain(s) })
}

// eventAt returns the change at index.
func (h *history) eventAt(index uint64) (event, bool) {
	if index <= h.start || index > h.start+uint64(len(h.events)) {
		return event{}, false
	}
	return h.events[index-h.start-1], true
}
