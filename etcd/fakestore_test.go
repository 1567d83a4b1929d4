package etcd

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/gen"
)

// kept is how many events a server remembers of all keys together.
const kept = 1000

// fakeEtcd is a cluster of which a watch sees all that matters: what is asked for it, the history, and
// the traps of both. What is written to it is the test's own doing.
type fakeEtcd struct {
	id      string
	version string
	net     network
	members []*fakeMember
	term    atomic.Int64 // of the log; 0 if no answer tells it

	mu     sync.Mutex
	log    []gen.Event  // all that ever happened; an event's index is its place in it, from 1 on
	hidden map[int]bool // places in log of refreshes, which nobody sees
}

// fakeMember is one of its members.
type fakeMember struct {
	*fakeEtcd
	url string

	entries atomic.Int64 // of its log that are no changes

	// These may be changed under mu.
	applied  int                       // how much of log it has
	stopped  bool                      // it applies nothing
	frozen   chan struct{}             // nothing goes out before it is closed; nil for no freeze
	broken   chan struct{}             // closed when all that waits is to end
	delay    time.Duration             // before each answer
	proxy    proxy                     // what is between it and the client
	fault    func(*http.Request) fault // what is to go wrong with a request of a watch; nil for nothing
	aside    map[string]http.HandlerFunc
	waiting  map[*fakeWatcher]bool
	lines    []string // what was asked, except the pulse's questions
	streams  int      // how many were asked for, and
	detached int      // how many the server let go of
}

// fault is what goes wrong with a request.
type fault int

const (
	faultless fault = iota
	breakAtOnce
	breakBehindHeader
	fail500
	forbid
	late // by some milliseconds
)

// proxy is how a proxy passes on what comes bit by bit.
type proxy int

const (
	noProxy proxy = iota
	inChunks
	whenComplete
)

// fakeWatcher is a request that waits.
type fakeWatcher struct {
	key               string
	recursive, stream bool
	since             int
	events            chan *gen.Event
}

// fakes starts a cluster in the bubble, with members called a, b and so on.
func fakes(t *testing.T, members int) *fakeEtcd {
	e := &fakeEtcd{id: "7e27652122e8b2ae", version: "3.5.35", hidden: map[int]bool{}}
	for i := range members {
		m := &fakeMember{fakeEtcd: e, waiting: map[*fakeWatcher]bool{}, broken: make(chan struct{})}
		s := e.net.serve(t, string(rune('a'+i)), m.answer)
		s.aside = map[string]http.HandlerFunc{leaderLine: m.answer, indexLine: m.answer, changeLine: m.answer, versionLine: m.answer}
		m.url = s.url
		e.members = append(e.members, m)
	}
	return e
}

// connect returns a client of all members.
func (e *fakeEtcd) connect(t *testing.T, config Config) *Client {
	for _, m := range e.members {
		config.Endpoints = append(config.Endpoints, m.url)
	}
	return e.net.connect(t, config)
}

// set writes a file, and returns the index of that.
func (e *fakeEtcd) set(key string) int { return e.happen("set", key, false) }

// fill writes n files that are of no concern.
func (e *fakeEtcd) fill(n int) {
	for i := range n {
		e.set("/other/" + strconv.Itoa(i))
	}
}

// happen makes one event.
func (e *fakeEtcd) happen(action, key string, dir bool) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	index := uint64(len(e.log) + 1)
	event := gen.Event{Action: gen.Action(action), Node: &gen.Node{Key: key, Dir: dir, ModifiedIndex: index, CreatedIndex: index}}
	if action == "delete" {
		event.PrevNode = &gen.Node{Key: key, Dir: dir, ModifiedIndex: e.modified(key)}
	} else if value := strconv.Itoa(int(index)); !dir {
		event.Node.Value = &value
	}
	e.hidden[int(index)] = action == "refresh"
	e.log = append(e.log, event)
	for _, m := range e.members {
		m.apply()
	}
	return int(index)
}

// modified returns the index of the last event of key; 0 for none. The caller holds mu.
func (e *fakeEtcd) modified(key string) (index uint64) {
	for _, event := range e.log {
		if event.Node.Key == key {
			index = event.Node.ModifiedIndex
		}
	}
	return index
}

// apply brings the member to the end of the log, and tells who waits. The caller holds mu.
func (m *fakeMember) apply() {
	for ; m.applied < len(m.log) && !m.stopped; m.applied++ {
		event := &m.log[m.applied]
		for w := range m.waiting {
			times := 1
			if w.stream && !w.recursive && event.Action == "delete" && w.key == event.Node.Key {
				times = 2
			}
			for ; times > 0 && !m.hidden[m.applied+1] && w.live(event) && m.applied+1 >= w.since; times-- {
				m.notify(w, event)
			}
		}
	}
}

// notify passes an event on. One that does not take it is let go, without a word.
func (m *fakeMember) notify(w *fakeWatcher, event *gen.Event) {
	if !m.waiting[w] {
		return
	}
	select {
	case w.events <- event:
	default:
		m.detached++
		delete(m.waiting, w)
	}
	if !w.stream {
		delete(m.waiting, w)
	}
}

// live reports whether an event that happens now is for w.
func (w *fakeWatcher) live(event *gen.Event) bool {
	key := event.Node.Key
	inside := w.recursive && below(key, w.key) && !strings.Contains(strings.TrimPrefix(key, strings.TrimSuffix(w.key, "/")), "/_")
	return key == w.key || inside || event.Action == "delete" && below(w.key, key)
}

// past returns the first event in the history that is for w, or nil. The caller holds mu.
func (m *fakeMember) past(w *fakeWatcher) *gen.Event {
	key := w.key
	for i := w.since - 1; i < m.applied; i++ {
		event := &m.log[i]
		if m.hidden[i+1] {
			continue
		}
		found := event.Node.Key == key
		deep := strings.TrimSuffix(key, "/") + "/"
		if w.recursive {
			found = found || strings.HasPrefix(event.Node.Key, deep)
		}
		if event.Action == "delete" && event.PrevNode.Dir { // a name may begin like another
			found = found || strings.HasPrefix(key, event.Node.Key)
		}
		if found {
			return event
		}
		if w.recursive && m.version == "2.3.8" {
			key = deep // its blind spot: from now on no event is on the key itself
		}
	}
	return nil
}

// thaw makes a member go on that was stopped, or frozen: by what it has missed, or, with a snapshot,
// without telling who waits.
func (m *fakeMember) thaw(snapshot bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = false
	if snapshot {
		m.applied = len(m.log)
	}
	m.apply()
	if m.frozen != nil {
		close(m.frozen)
		m.frozen = nil
	}
}

// freeze makes a member do nothing at all.
func (m *fakeMember) freeze() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped = true; m.frozen == nil {
		m.frozen = make(chan struct{})
	}
}

// hangUp ends all that waits without an answer.
func (m *fakeMember) hangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.broken)
	m.broken = make(chan struct{})
}

// open returns how many requests wait, the pulse's beside them.
func (m *fakeMember) open() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiting)
}

// restore makes the cluster one that is only at index, and hangs up.
func (e *fakeEtcd) restore(index int) {
	e.mu.Lock()
	e.log = e.log[:index]
	for _, m := range e.members {
		m.applied = index
	}
	e.mu.Unlock()
	for _, m := range e.members {
		m.hangUp()
	}
}

// wipe makes the cluster one that began anew under the same name, where write has written, and hangs up.
func (e *fakeEtcd) wipe(write func()) {
	e.mu.Lock()
	e.log, e.hidden = nil, map[int]bool{}
	for _, m := range e.members {
		m.applied = 0
		clear(m.waiting)
	}
	e.mu.Unlock()
	write()
	for _, m := range e.members {
		m.hangUp()
	}
}

// change changes fields of the member.
func (m *fakeMember) change(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// gate waits for the end of a freeze.
func (m *fakeMember) gate(r *http.Request) {
	m.mu.Lock()
	frozen := m.frozen
	m.mu.Unlock()
	if frozen != nil {
		select {
		case <-frozen:
		case <-r.Context().Done():
		}
	}
}

// got returns what was asked so far of what begins with prefix.
func (m *fakeMember) got(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for _, line := range m.lines {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, line)
		}
	}
	return lines
}
