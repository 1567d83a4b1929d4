package follow

import (
	"context"
	"errors"
	"time"
)

// Event is a change as the engine sees it.
type Event interface {
	ModifiedIndex() uint64
	Key() string // of the node that changed
	Gone() bool  // the node is there no more
}

// Source is the cluster that the engine asks, through whichever member answers.
type Source interface {
	// Present returns the store's present index.
	Present(ctx context.Context) (uint64, error)

	// Poll asks for the first event at or after from; with keyOnly, for the first event of the key itself,
	// even if the watch is recursive. It returns when the request waits at its member. pulse is called, from
	// any goroutine, for each sign of life of the member. confirmed means that the member answered a question
	// that was asked after the request had reached it.
	Poll(ctx context.Context, from uint64, keyOnly bool, pulse func(confirmed bool)) (Answer, error)

	// Stream asks for all events from now on.
	Stream(ctx context.Context) (Answer, error)

	// CheckRolledBack returns an error if the cluster as a whole has not reached the event before next.
	CheckRolledBack(ctx context.Context, next uint64) error

	// KnowsHistory reports whether CheckHistory has something to compare the history with.
	KnowsHistory() bool

	// CheckHistory returns an error if the history of the cluster is not the one that has been followed.
	CheckHistory(ctx context.Context) error

	// Kind returns what an error of the methods above means for the watch.
	Kind(err error) Kind

	// Oldest returns the first index that the history still had, according to an error of the kind Cleared; 0 if that
	// does not say so.
	Oldest(err error) uint64

	// Impossible returns the error for a poll from an index that was answered with an event before it.
	Impossible(from, index uint64) error

	// Missed returns the error for a late answer with the event at index, when only silence had shown that there
	// was none before the event at delivered.
	Missed(index, delivered uint64) error

	// WrongCluster returns the error for an answer from the cluster id to a watch of the cluster watched.
	WrongCluster(id, watched string) error
}

// ErrFinished is the error of an Answer that has ended without an event because of Finish. Everything that its
// member had sent before has arrived.
var ErrFinished = errors.New("finished")

// errNotFinished says that a poll has not ended as it was asked to, so that its silence proves nothing.
var errNotFinished = errors.New("the member did not end the poll")

// Kind is a kind of failure.
type Kind int

// The kinds.
const (
	Passing Kind = iota // the same request may succeed the next time
	Cleared             // the events asked for are no longer in the history
	Final               // the same request would fail the same way
	Unsent              // this process could not send the request, so it shows nothing of the cluster
)

// final reports whether a failure ends the watch.
func (k Kind) final() bool { return k != Passing && k != Unsent }

// Answer is the reply to a Poll or a Stream. Its events arrive after its header.
type Answer interface {
	Index() (index uint64, told bool) // the store's index when the request arrived
	Cluster() string                  // the cluster's ID; empty if not reported

	// Blind reports whether the reply may omit events of the watched key itself after from; see blindspot.go.
	Blind(ctx context.Context, from uint64) bool

	// Next returns the event of a Poll, or ErrFinished if the member has ended the reply because of Finish.
	Next() (Event, error)

	// Finish asks the member to send what it has still to send and to end the reply. It reports whether that
	// can be asked.
	Finish() bool

	// Ends reports whether that member has ended a reply that it was asked to end, so that it shows nothing if one breaks
	// instead.
	Ends() bool

	// Cut reports whether this side has ended the reply, so that what has not arrived shows nothing.
	Cut() bool

	At() string // the member that the request waits at

	// Reached asks that member how far its store has come. It returns 0 if the member does not tell. If the index shows
	// that a snapshot may have overtaken the member, the reply ends before Reached returns.
	Reached(ctx context.Context) (index uint64)

	// MayHaveSkipped reports whether the member may have received a snapshot between the header of this answer and
	// that of later, which may be of another member. It then may have omitted events.
	MayHaveSkipped(later Answer) bool

	// Term returns the raft term of that member when it sent the header; 0 if it does not tell.
	Term() uint64

	// Available returns the next event of a Stream and those that have arrived with it, and the error that
	// ends the Stream.
	Available() ([]Event, error)

	Close()
}

// Watch says what to follow and which functions to call.
type Watch struct {
	Source      Source
	Next        uint64        // the first index that is wanted
	Cluster     string        // ID of the watched cluster; empty for the one that answers first
	PollTimeout time.Duration // after which a poll is made again
	Pulsed      bool          // confirmations are expected
	Interrupted bool          // it is not known whether the history is still the one that was followed
	Term        uint64        // the raft term of what is known of the history; 0 if that is not known
	Streams     bool          // events that come often are to cost little, rather than each a poll
	Ahead       *Budget       // of polls ahead of the base, shared with other watches; nil is unlimited

	Concerns  func(key string) bool // reports whether an event on key belongs to the watch
	AtOrAbove func(key string) bool // reports whether key is the watched key or a directory above it
	Above     func(key string) bool // reports whether key is a directory above the watched key

	// Deliver takes one event after another, in whichever goroutine has received it. Its error ends the
	// watch.
	Deliver func(Event) error

	Passed   func(Event)                         // called with an event that does not concern the watch; may be nil
	Ended    func(after uint64, err error) error // returns the error for a watch that err ends at index after
	Progress func(index uint64)                  // called when all up to index is delivered; may be nil
	Pulse    func()                              // called by any goroutine if its member is alive; may be nil
	Request  <-chan struct{}                     // a value from it requests progress: what is known, and soon what can be found out; may be nil
	Lag      func(after, lag uint64)             // called with how far the watch lags; may be nil
	Reopened func(after uint64, err error)       // called before a request is made again because of err
}

// Run follows the events until the watch ends. It returns contexts.Err(ctx), the error of Deliver, or, if an
// answer ends the watch, the error of Ended. All goroutines of the watch have ended when it returns.
func (w *Watch) Run(ctx context.Context) error {
	f := newFollower(ctx, w)
	defer f.close()
	return f.follow()
}
