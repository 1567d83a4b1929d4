package follow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// script is a Source whose polls a test answers by hand, in virtual time.
type script struct {
	mu     sync.Mutex
	polls  []*scripted // in the order in which they were asked
	same   error       // what CheckHistory says
	checks int
	held   chan struct{} // if set, CheckHistory returns what it has found only when this is closed

	oldest  uint64 // what errCleared says
	present uint64 // the store's index; 0 if it is not to be asked for
}

// scripted is a poll, and the answer to it.
type scripted struct {
	from    uint64
	keyOnly bool
	pulse   func(confirmed bool)
	header  chan uint64 // the index in it
	refused chan error  // instead of a header
	end     chan any    // an event's index, or an error
	endless bool        // the member cannot be asked to end it
	asked   atomic.Bool // it was asked to
	cut     atomic.Bool // it was ended by this side
	ends    bool        // its member has ended one before
	term    uint64
	skipped atomic.Bool // its member may have received a snapshot since
	index   uint64
	blind   bool
	at      string        // the member
	reached atomic.Uint64 // the index that the member tells; 0 for the present one of the script
	script  *script
	ctx     context.Context
}

type change uint64

func (c change) ModifiedIndex() uint64 { return uint64(c) }
func (c change) Key() string           { return "/k" }
func (c change) Gone() bool            { return false }

func (s *script) Present(context.Context) (uint64, error) {
	if s.present == 0 {
		return 0, errors.New("not to be asked for")
	}
	return s.present, nil
}

func (s *script) Poll(ctx context.Context, from uint64, keyOnly bool, pulse func(bool)) (Answer, error) {
	p := &scripted{from: from, keyOnly: keyOnly, pulse: pulse, header: make(chan uint64, 1), refused: make(chan error, 1), end: make(chan any, 1), ctx: ctx, script: s}
	s.mu.Lock()
	s.polls = append(s.polls, p)
	s.mu.Unlock()
	select {
	case p.index = <-p.header:
		return p, nil
	case err := <-p.refused:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *script) Stream(ctx context.Context) (Answer, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (s *script) CheckRolledBack(context.Context, uint64) error { return nil }

func (s *script) KnowsHistory() bool { return true }

func (s *script) CheckHistory(context.Context) error {
	s.mu.Lock()
	s.checks++
	same, held := s.same, s.held
	s.mu.Unlock()
	if held != nil {
		<-held
	}
	return same
}

func (s *script) Kind(err error) Kind {
	switch {
	case errors.Is(err, errCleared):
		return Cleared
	case errors.Is(err, errOther):
		return Final
	case errors.Is(err, errUnsent):
		return Unsent
	}
	return Passing
}

var (
	errCleared = errors.New("cleared")
	errOther   = errors.New("another history")
	errBroken  = errors.New("broken")
)

func (s *script) WrongCluster(id, watched string) error { return fmt.Errorf("%s, not %s", id, watched) }

func (s *script) Missed(index, delivered uint64) error {
	return fmt.Errorf("missed %d before %d", index, delivered)
}

func (s *script) Oldest(err error) uint64 {
	if errors.Is(err, errCleared) {
		return s.oldest
	}
	return 0
}

func (s *script) Impossible(from, index uint64) error {
	return fmt.Errorf("from %d got %d", from, index)
}
func (p *scripted) Index() (index uint64, told bool)   { return p.index, true }
func (p *scripted) Cluster() string                    { return "c" }
func (p *scripted) Blind(context.Context, uint64) bool { return p.blind }
func (p *scripted) Available() ([]Event, error)        { return nil, errBroken }
func (p *scripted) Term() uint64                       { return p.term }
func (p *scripted) MayHaveSkipped(Answer) bool         { return p.skipped.Load() }
func (p *scripted) Close()                             {}
func (p *scripted) At() string                         { return p.at }
func (p *scripted) Cut() bool                          { return p.cut.Load() }
func (p *scripted) Ends() bool                         { return p.ends }

func (p *scripted) Reached(context.Context) uint64 { return cmp.Or(p.reached.Load(), p.script.present) }

func (p *scripted) Finish() bool {
	p.asked.Store(true)
	return !p.endless
}

func (p *scripted) Next() (Event, error) {
	select {
	case end := <-p.end:
		if index, ok := end.(int); ok {
			return change(index), nil
		}
		return nil, end.(error)
	case <-p.ctx.Done():
		return nil, p.ctx.Err()
	}
}

// machine is a watch from index 1 on that a test drives.
type machine struct {
	*script
	request  chan struct{}
	events   []uint64 // that were delivered
	progress atomic.Uint64
	ended    error
}

// drive runs test in a bubble with a watch that has begun, after change has changed it.
func drive(t *testing.T, test func(m *machine), change ...func(*Watch)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &machine{script: &script{}, request: make(chan struct{}, 1)}
		w := &Watch{
			Source: m, Next: 1, PollTimeout: time.Minute,
			Concerns:  func(string) bool { return true },
			AtOrAbove: func(string) bool { return true },
			Above:     func(string) bool { return false },
			Deliver:   m.deliver,
			Ended:     func(_ uint64, err error) error { return err },
			Progress:  func(index uint64) { m.progress.Store(index) },
			Request:   m.request,
			Reopened:  func(uint64, error) {},
		}
		for _, c := range change {
			c(w)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.ended = w.Run(ctx)
		}()
		test(m)
		cancel()
		<-done
	})
}

func (m *machine) deliver(e Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e.ModifiedIndex())
	return nil
}

// delivered returns the indexes of the events that were delivered.
func (m *machine) delivered() []uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

// all returns the polls that were asked so far.
func (m *machine) all() []*scripted {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.polls)
}

// asked waits for the n-th poll.
func (m *machine) asked(t *testing.T, n int) *scripted {
	t.Helper()
	for range 10_000 {
		synctest.Wait()
		m.mu.Lock()
		polls := m.polls
		m.mu.Unlock()
		if len(polls) >= n {
			return polls[n-1]
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("poll %d was not made", n)
	return nil
}

// poll waits for the n-th poll, and lets its header arrive.
func (m *machine) poll(t *testing.T, n int, from, index uint64) *scripted {
	t.Helper()
	p := m.asked(t, n)
	check(t, fmt.Sprintf("beginning of poll %d", n), p.from, from)
	p.header <- index
	synctest.Wait()
	return p
}

// fail makes the n-th poll fail before its header arrives.
func (m *machine) fail(t *testing.T, n int, err error) {
	t.Helper()
	m.asked(t, n).refused <- err
	synctest.Wait()
}

// quiet lets so much time pass that silence seems to show something.
func quiet() {
	<-time.After(pulselessTicks*coarseTick + coarseTick)
	synctest.Wait()
}

// renew requests progress, so that the next poll is made.
func (m *machine) renew() {
	m.request <- struct{}{}
	synctest.Wait()
}
