package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Observer is told what a client does beneath its calls. Observe is called by many goroutines at
// once, in the middle of a call: it must be quick, and must not call the client.
type Observer interface {
	Observe(Event)
}

// Event is what an Observer is told: AttemptStarted, AttemptEnded, MemberSetAside, MemberBack,
// Synced, WatchLag, WatchReopened or MirrorResynced. Others may come, so an Observer passes over
// those it does not know. None holds a password. An Err may quote what a server said, and so the
// values it compared; LogValue leaves that out.
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
	Err      error // nil for a success; an *Error where the member refused
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

// LogValue returns the fields.
func (e AttemptStarted) LogValue() slog.Value {
	return slog.GroupValue(slog.String("endpoint", e.Endpoint), slog.String("method", e.Method), slog.String("path", e.Path))
}

// LogValue returns the fields.
func (e AttemptEnded) LogValue() slog.Value {
	return fields(e.Err, slog.String("endpoint", e.Endpoint), slog.String("method", e.Method), slog.String("path", e.Path),
		slog.Duration("duration", e.Duration), slog.String("outcome", e.Outcome.String()))
}

// LogValue returns the fields.
func (e MemberSetAside) LogValue() slog.Value {
	return fields(e.Err, slog.String("endpoint", e.Endpoint), slog.Duration("for", e.For))
}

// LogValue returns the fields.
func (e MemberBack) LogValue() slog.Value {
	return slog.GroupValue(slog.String("endpoint", e.Endpoint))
}

// LogValue returns the fields.
func (e Synced) LogValue() slog.Value {
	return fields(e.Err, slog.Any("endpoints", e.Endpoints))
}

// fields returns attrs, and the error if there is one.
func fields(err error, attrs ...slog.Attr) slog.Value {
	if err != nil {
		attrs = append(attrs, slog.String("error", unquoted(err)))
	}
	return slog.GroupValue(attrs...)
}

// unquoted tells of an error without the words of a server, which may hold values.
func unquoted(err error) string {
	var reply *Error
	switch {
	case !errors.As(err, &reply):
		return err.Error()
	case reply.Code == 0:
		return fmt.Sprintf("status %d from %s", reply.StatusCode, reply.Endpoint)
	}
	return fmt.Sprintf("status %d from %s: %v", reply.StatusCode, reply.Endpoint, reply.Code)
}

// LogObserver returns an Observer that writes to logger: attempts and the lag of watches at the level
// debug, members that come back, lists of members and watches that are opened anew at info, failures
// of members and of asking for them, and mirrors that had to be read again, at warn.
func LogObserver(logger *slog.Logger) Observer { return logObserver{logger} }

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
	}
	o.logger.LogAttrs(context.Background(), level, message, slog.Any("etcd", event))
}
