package etcd

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/errs"
)

// Observer is told what a client does beneath its calls. Observe is called by many goroutines at once, in the
// middle of a call: it must be quick, and must not call the client.
type Observer interface {
	Observe(Event)
}

// Event is what an Observer is told: AttemptStarted, AttemptEnded, MemberSetAside, MemberBack, Synced,
// WatchLag, WatchReopened or MirrorResynced, or one of packages locking and election. Others may come, so an
// Observer passes over those it does not know. None holds a password. An Err may quote what a server said, and so the values it compared; LogValue
// leaves that out.
type Event interface {
	// LogValue returns the event's fields for log/slog.
	LogValue() slog.Value
}

// AttemptStarted says that a request is about to be sent to a member.
type AttemptStarted struct {
	Endpoint string // the member
	Method   string // HTTP method
	Path     string // the path, with the key in it as it is written
}

// AttemptEnded says how an attempt came out. For a watch that is when its header has come.
type AttemptEnded struct {
	Endpoint string
	Method   string
	Path     string
	Duration time.Duration
	Outcome  Outcome
	Err      error // nil for an answer of use; an *Error where the member refused or answered something else
}

// MemberSetAside says that a member has failed, and is not tried for a while unless all are set aside.
type MemberSetAside struct {
	Endpoint string
	For      time.Duration
	Err      error // the failure
}

// MemberBack says that a member that was set aside has answered.
type MemberBack struct {
	Endpoint string
}

// Synced says that the cluster was asked for its members.
type Synced struct {
	Endpoints []string // all that requests may go to now
	Err       error    // why the members, or with SelectLeader the leader, could not be learned
}

// WatchLag says how far a watch is behind its server: at most once a second while it is more than 100 events
// of all keys behind, and once, with a Lag of 0, when it has caught up again.
type WatchLag struct {
	Key   string // the key watched
	After uint64 // all events up to this etcd index have been read from the server
	Lag   uint64 // how many the server had behind it
}

// WatchReopened says that a request of a watch has failed or was found to have been let go by the server, and
// is about to be made again. Nothing is lost by that.
type WatchReopened struct {
	Key   string // the key watched
	After uint64 // the etcd index that the watch goes on behind
	Err   error  // what went wrong
}

// MirrorResynced says that what a Mirror holds was read again, since its watch could not go on.
type MirrorResynced struct {
	Dir     string // what is mirrored
	From    uint64 // the etcd index that the mirror had come to
	To      uint64 // that of what was read; lower, where the cluster is another or was restored
	Changes int    // how many nodes differed
	Err     error  // why the watch could not go on
}

// LogValue returns the fields.
func (e AttemptStarted) LogValue() slog.Value {
	return slog.GroupValue(slog.String("endpoint", e.Endpoint), slog.String("method", e.Method), slog.String("path", e.Path))
}

// LogValue returns the fields.
func (e AttemptEnded) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("endpoint", e.Endpoint), slog.String("method", e.Method), slog.String("path", e.Path),
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

// Unquoted returns the error in short, without the words of the server, which may hold values: for logs.
func (e *Error) Unquoted() string {
	if e.Code == 0 {
		return fmt.Sprintf("status %d from %s", e.StatusCode, e.Endpoint)
	}
	return fmt.Sprintf("status %d from %s: %v", e.StatusCode, e.Endpoint, e.Code)
}

// LogObserver returns an Observer that writes to logger: attempts and the lag of watches at the level debug,
// members that come back, lists of members and watches that are opened anew at info, failures of members and
// of asking for them, and mirrors that had to be read again, at warn. A nil logger stands for slog.Default.
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
		level, message = slog.LevelInfo, "etcd: watch opened anew"
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

// Observe tells the client's Observer of an event, if it has one. It is for packages that build on a client.
// An event with a method LogMessage() (slog.Level, string) says how LogObserver writes it.
func (c *Client) Observe(event Event) {
	if c.observer != nil {
		c.observer.Observe(event)
	}
}

// attemptObserver tells an Observer what happens beneath a call.
type attemptObserver struct{ Observer }

func (o attemptObserver) AttemptStarted(endpoint, method, path string) {
	o.Observe(AttemptStarted{endpoint, method, path})
}

func (o attemptObserver) AttemptEnded(endpoint, method, path string, took time.Duration, outcome cluster.Outcome, err error) {
	o.Observe(AttemptEnded{endpoint, method, path, took, outcomes[outcome], err})
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
