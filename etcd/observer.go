package etcd

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/errs"
)

// Observer is told what a client does beneath its calls. Multiple goroutines call Observe at once, in the middle
// of calls, polls and renewals, which wait until it returns. So Observe must not block and must not call the
// client. An Observer that writes somewhere slow should put events into a buffer, and drop them when it is full.
type Observer interface {
	Observe(Event)
}

// Event is what an Observer is told: AttemptStarted, AttemptEnded, MemberSetAside, MemberBack, Synced, WatchLag,
// WatchReopened, MirrorResynced or RegistrationChanged, or an event of package locking or election. More may be
// added, so an Observer should ignore events that it does not know. No event has a password. An Err may quote
// what a server said, and so the values that it compared; LogValue leaves that out.
type Event interface {
	// LogValue returns the event's fields for log/slog.
	LogValue() slog.Value
}

// RequestKind is what a request is for. The small questions by which a client learns the state of members, such as
// those of Config.PulseInterval, are not reported, so they have no kind.
type RequestKind int

// The kinds of requests.
const (
	KindCall RequestKind = iota // a call, or a read that a watch, a mirror or a lock makes by itself
	KindPoll                    // a poll of a watch: its answer comes when there is an event
)

// String returns the kind in a word.
func (k RequestKind) String() string {
	if k == KindPoll {
		return "poll"
	}
	return "call"
}

// AttemptStarted reports that a request is about to be sent to a member.
type AttemptStarted struct {
	Endpoint string // the member
	Method   string // HTTP method
	Path     string // the path, with the key as the caller wrote it
	Kind     RequestKind
}

// AttemptEnded reports the outcome of an attempt. An attempt of a poll ends when its header has arrived, so its
// Duration says nothing about how long the poll waited for an event.
type AttemptEnded struct {
	Endpoint string
	Method   string
	Path     string
	Kind     RequestKind
	Duration time.Duration
	Outcome  Outcome
	Err      error // nil for a usable answer; an *Error if the member refused or answered something else
}

// MemberSetAside reports that a member has failed. It is not tried for a while unless all members are set aside.
type MemberSetAside struct {
	Endpoint string
	For      time.Duration
	Err      error // the failure
}

// MemberBack reports that a member that was set aside has answered.
type MemberBack struct {
	Endpoint string
}

// Synced reports that the cluster was asked for its members.
type Synced struct {
	Endpoints []string // all that requests may go to now
	Err       error    // why the members, or with SelectLeader the leader, could not be learned
}

// WatchLag reports how far a watch lags: at most once a second while it is more than 100 events of all keys
// behind, and once, with a Lag of 0, when it has caught up.
type WatchLag struct {
	Key   string // the watched key
	After uint64 // all events up to this etcd index have been read from the server
	Lag   uint64 // the number of later events that the server had
}

// WatchReopened reports that a request of a watch has failed, or that the server has dropped it, and that the
// watch is about to make it again. No event is lost by that.
type WatchReopened struct {
	Key   string // the watched key
	After uint64 // the etcd index after which the watch resumes
	Err   error  // what went wrong
}

// MirrorResynced reports that a Mirror has read its directory again, because its watch could not continue.
type MirrorResynced struct {
	Dir     string // what is mirrored
	From    uint64 // the etcd index that the mirror had reached
	To      uint64 // that of the read; lower if the cluster is another one or was restored
	Changes int    // how many nodes differed
	Err     error  // why the watch could not continue
}

// LogValue returns the fields.
func (e AttemptStarted) LogValue() slog.Value {
	return slog.GroupValue(slog.String("endpoint", e.Endpoint), slog.String("method", e.Method), slog.String("path", e.Path), slog.String("kind", e.Kind.String()))
}

// LogValue returns the fields.
func (e AttemptEnded) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("endpoint", e.Endpoint), slog.String("method", e.Method), slog.String("path", e.Path), slog.String("kind", e.Kind.String()),
		slog.Duration("duration", e.Duration), slog.String("outcome", e.Outcome.String()))
}

// LogValue returns the fields.
func (e MemberSetAside) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("endpoint", e.Endpoint), slog.Duration("for", e.For))
}

// LogValue returns the fields.
func (e MemberBack) LogValue() slog.Value {
	return slog.GroupValue(slog.String("endpoint", e.Endpoint))
}

// LogValue returns the fields.
func (e Synced) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.Any("endpoints", e.Endpoints))
}

// LogValue returns the fields.
func (e WatchLag) LogValue() slog.Value {
	return slog.GroupValue(slog.String("key", e.Key), slog.Uint64("after", e.After), slog.Uint64("lag", e.Lag))
}

// LogValue returns the fields.
func (e WatchReopened) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("key", e.Key), slog.Uint64("after", e.After))
}

// LogValue returns the fields.
func (e MirrorResynced) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("dir", e.Dir), slog.Uint64("from", e.From), slog.Uint64("to", e.To), slog.Int("changes", e.Changes))
}

// Unquoted returns the error in short, for logs: without the words of the server, which may contain values.
func (e *Error) Unquoted() string {
	if e.Code == 0 {
		return fmt.Sprintf("status %d from %s", e.StatusCode, e.Endpoint)
	}
	return fmt.Sprintf("status %d from %s: %v", e.StatusCode, e.Endpoint, e.Code)
}

// LogObserver returns an Observer that writes to logger: attempts and lagging watches at level debug, members
// that recover, lists of members and watches that reopen at info, and failures of members, failed syncs and
// mirrors that read again at warn. A nil logger stands for slog.Default.
func LogObserver(logger *slog.Logger) Observer {
	if logger == nil {
		logger = slog.Default()
	}
	return logObserver{logger}
}

type logObserver struct{ logger *slog.Logger }

func (o logObserver) Observe(event Event) {
	level, message := slog.LevelDebug, "etcd"
	switch e := event.(type) {
	case AttemptStarted:
		message = "etcd: attempt started"
	case AttemptEnded:
		message = "etcd: attempt ended"
	case MemberSetAside:
		level, message = slog.LevelWarn, "etcd: member set aside"
	case MemberBack:
		level, message = slog.LevelInfo, "etcd: member back"
	case WatchLag:
		message = "etcd: watch behind"
	case WatchReopened:
		level, message = slog.LevelInfo, "etcd: watch reopened"
	case MirrorResynced:
		level, message = slog.LevelWarn, "etcd: mirror read again"
	case Synced:
		level, message = slog.LevelInfo, "etcd: members synced"
		if e.Err != nil {
			level, message = slog.LevelWarn, "etcd: members not synced"
		}
	case interface{ LogMessage() (slog.Level, string) }:
		level, message = e.LogMessage()
	}
	o.logger.LogAttrs(context.Background(), level, message, slog.Any("etcd", event))
}

// Observe passes an event to the client's Observer, if it has one. It is for packages that build on a client. If
// the event has a method LogMessage() (slog.Level, string), LogObserver writes it with that level and message.
func (c *Client) Observe(event Event) {
	if c.observer != nil {
		c.observer.Observe(event)
	}
}

// attemptObserver tells an Observer what happens beneath a call.
type attemptObserver struct{ Observer }

func (o attemptObserver) AttemptStarted(endpoint, path string, call *cluster.Call) {
	o.Observe(AttemptStarted{endpoint, call.Request.Method, path, kindOf(call)})
}

func (o attemptObserver) AttemptEnded(endpoint, path string, call *cluster.Call, took time.Duration, outcome cluster.Outcome, err error) {
	o.Observe(AttemptEnded{endpoint, call.Request.Method, path, kindOf(call), took, outcomes[outcome], err})
}

func kindOf(call *cluster.Call) RequestKind {
	if call.Wait {
		return KindPoll
	}
	return KindCall
}

func (o attemptObserver) SetAside(endpoint string, duration time.Duration, err error) {
	o.Observe(MemberSetAside{endpoint, duration, err})
}

func (o attemptObserver) Back(endpoint string) { o.Observe(MemberBack{endpoint}) }

// outcomes are the cluster's outcomes as an Observer is told them.
var outcomes = map[cluster.Outcome]Outcome{
	cluster.Done: OutcomeAnswered, cluster.Refused: OutcomeAnswered,
	cluster.NotServed: OutcomeAnswered, cluster.NotSent: OutcomeNotSent, cluster.Unknown: OutcomeUnknown,
}
