package follow

import (
	"context"
	"time"
)

// Event is a change, as far as the engine looks into it.
type Event interface {
	ModifiedIndex() uint64
	Key() string // of the node that changed
}

// Source is what the engine asks: the cluster, through whichever member answers.
type Source interface {
	// Present returns the store's present index.
	Present(ctx context.Context) (uint64, error)

	// Poll asks for the first event at or behind from; with keyOnly, of the key itself, although the watch is
	// recursive. It returns once the request waits at its member, whose signs of life go to pulse, by any
	// goroutine: confirmed says that the member answered a question asked after the request had reached it.
	Poll(ctx context.Context, from uint64, keyOnly bool, pulse func(confirmed bool)) (Answer, error)

	// Stream asks for all events from now on.
	Stream(ctx context.Context) (Answer, error)

	// CheckRolledBack returns an error if the cluster as a whole has not reached the event before next.
	CheckRolledBack(ctx context.Context, next uint64) error

	// Kind says what an error of the above means for the watch.
	Kind(err error) Kind

	// WrongCluster returns the error for an answer from another cluster than the one watched, by their IDs.
	WrongCluster(id, watched string) error
}

// Kind is a kind of failure.
type Kind int

// The kinds.
const (
	Passing Kind = iota // the same request may succeed the next time
	Cleared             // the events asked for are no longer in the history
	Final               // the same request would fail the same way
)

// Answer is the reply to a Poll or a Stream, whose events come later than its header.
type Answer interface {
	Index() (index uint64, told bool) // the store's, when the request arrived
	Cluster() string                  // its ID; empty where not told

	// Blind reports whether the reply may leave out events of the watched key itself behind from: see
	// blindspot.go.
	Blind(ctx context.Context, from uint64) bool

	// Next returns the event that a Poll brings.
	Next() (Event, error)

	// Available returns the next event of a Stream and those that have come with it, and what ends the
	// Stream.
	Available() ([]Event, error)

	Close()
}

// Watch is what to follow, and who is told.
type Watch struct {
	Source      Source
	Next        uint64        // the first index that is wanted
	Cluster     string        // ID of the one that is watched; empty for that of the first answer
	PollTimeout time.Duration // after which a poll is made again
	Pulsed      bool          // confirmations are to be expected

	Concerns  func(key string) bool // reports whether an event on key is one of the watch
	AtOrAbove func(key string) bool // reports whether key is the watched key, or a directory that it is in

	// Deliver takes one event after the other, in whichever goroutine has found it. Its error ends the watch.
	Deliver func(Event) error

	Ended    func(after uint64, err error) error // returns the error of a watch that err has ended, delivered up to after
	Progress func(index uint64)                  // told that all events up to index are delivered; nil for nobody
	Pulse    func()                              // told that the watch waits on a member that lives, by any goroutine; nil for nobody
	Request  <-chan struct{}                     // a value from it requests progress soon; nil for never
	Lag      func(after, lag uint64)             // told how far the watch is behind; nil for nobody
	Reopened func(after uint64, err error)       // told that a request is about to be made again, because of err
}

// Run follows until something ends that: ctx, with its cause; Deliver, with its error; or an answer, with
// what Ended makes of it. Nothing of it is left when it returns.
func (w *Watch) Run(ctx context.Context) error {
	f := newFollower(ctx, w)
	defer f.close()
	return f.follow()
}
