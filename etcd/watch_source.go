package etcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/feed"
	"github.com/etcdv2/client/internal/follow"
	"github.com/etcdv2/client/internal/scan"
)

// source is the follow.Source of a watch.
type source struct {
	client    *Client
	key       string // as the caller spelled it
	recursive bool
	marks     *landmarks
	served    *atomic.Bool // a member has served the watch
	opened    func()       // called when a request waits at a member; nil for none

	// others returns what those know of the history whom the watch serves, or nil; the function is nil if it serves none.
	others func() feed.Landmark
}

// event is a Response as the engine sees it.
type event Response

func (e *event) ModifiedIndex() uint64 { return e.Node.ModifiedIndex }
func (e *event) Key() string           { return e.Node.Key }
func (e *event) Gone() bool            { return isRemoval((*Response)(e)) }

func (s *source) Present(ctx context.Context) (uint64, error) { return s.client.present(ctx, s.key) }

func (s *source) Poll(ctx context.Context, from uint64, keyOnly bool, pulse func(confirmed bool)) (follow.Answer, error) {
	return s.open(ctx, newPoll(s.wireKey(), s.recursive && !keyOnly, from), pulse)
}

func (s *source) Stream(ctx context.Context) (follow.Answer, error) {
	params := &gen.GetKeyParams{Wait: onlyTrue(true), Recursive: onlyTrue(s.recursive), Stream: onlyTrue(true)}
	a, err := s.open(ctx, gen.NewGetKeyRequest(s.wireKey(), params), nil)
	if err != nil {
		return nil, err
	}
	a.lines = scan.NewLines(a.Body, streamRoom)
	return a, nil
}

func (s *source) wireKey() string { return strings.TrimPrefix(s.key, "/") }

// newPoll returns a request that waits for the first event at or after from; 0 means the next event.
func newPoll(key string, recursive bool, from uint64) *http.Request {
	params := &gen.GetKeyParams{Wait: onlyTrue(true), Recursive: onlyTrue(recursive)}
	if from > 0 {
		params.WaitIndex = &from
	}
	return gen.NewGetKeyRequest(key, params)
}

// open makes a call that waits, and returns when its header has arrived.
func (s *source) open(ctx context.Context, req *http.Request, pulse func(confirmed bool)) (*openAnswer, error) {
	call := newKeysCall(req, toReadCopy, asked{})
	call.Wait, call.Pulse = true, pulse
	result := s.client.cluster.Do(ctx, &call.Call)
	if err := s.client.errorOf(ctx, &call.Call, &result); err != nil {
		return nil, err
	}
	s.served.Store(true)
	if s.opened != nil {
		s.opened()
	}
	return &openAnswer{Open: result.Open, source: s}, nil
}

// CheckRolledBack returns ErrClusterRolledBack if the cluster as a whole has not reached the events that have
// been delivered. A single member that has not reached them may merely lag.
func (s *source) CheckRolledBack(ctx context.Context, next uint64) error {
	index, err := indexTold(s.client.Get(ctx, s.key, WithQuorum()))
	if err != nil {
		return err
	}
	if index+1 < next {
		return fmt.Errorf("%w: it is at index %d and had reached %d", ErrClusterRolledBack, index, next-1)
	}
	return nil
}

func (s *source) Kind(err error) follow.Kind {
	var unanswered *ClusterError
	switch {
	case errors.As(err, &unanswered) && unanswered.all(errs.ErrNoConnection):
		return follow.Unsent
	case isCleared(err):
		return follow.Cleared
	case Retryable(err), errors.Is(err, errUnsettled), errors.Is(err, ErrNotSupported) && s.served.Load():
		return follow.Passing
	}
	return follow.Final
}

// Oldest reads the cause of the error, which is "the requested history has been cleared [1001/7]" if the history began
// at 1001, from etcd 2.0 to 3.5.
func (s *source) Oldest(err error) uint64 {
	var reply *Error
	if !errors.As(err, &reply) {
		return 0
	}
	_, numbers, _ := strings.Cut(reply.Cause, "[")
	first, _, _ := strings.Cut(numbers, "/")
	oldest, _ := strconv.ParseUint(first, 10, 64) // 0 if it is not a number
	return oldest
}

func (s *source) Impossible(from, index uint64) error {
	return fmt.Errorf("%w: asked for events from index %d on and got the one at %d; a cache may have answered, or a server that emulates v2",
		ErrNotSupported, from, index)
}

func (s *source) Missed(index, delivered uint64) error {
	return fmt.Errorf("%w: the event at index %d arrived after that at %d; "+
		"a silent connection was taken for a quiet one, or a snapshot has overtaken the member",
		ErrEventIndexCleared, index, delivered)
}

func (s *source) WrongCluster(id, watched string) error {
	return fmt.Errorf("%w: its ID is %.20q, and that of the watched one %.20q", ErrWrongCluster, id, watched)
}

// isCleared reports whether err says that events are no longer in the server's history.
func isCleared(err error) bool { return errors.Is(err, ErrEventIndexCleared) }

// streamRoom is how many bytes of a stream are read at once, if that many have arrived.
const streamRoom = 32 << 10

// openAnswer is a reply whose events arrive after its header.
type openAnswer struct {
	*cluster.Open
	source *source
	lines  scan.Lines // of a stream
}

func (a *openAnswer) Index() (index uint64, told bool) {
	return cluster.IndexOf(a.Response), a.Header.Get("X-Etcd-Index") != ""
}

func (a *openAnswer) Cluster() string { return cluster.IDOf(a.Response) }

func (a *openAnswer) Term() uint64 { return cluster.HeaderNumber(a.Response, "X-Raft-Term") }

func (a *openAnswer) At() string { return a.Endpoint }

// MayHaveSkipped compares the indexes of the log in the two headers.
func (a *openAnswer) MayHaveSkipped(later follow.Answer) bool {
	return a.Open.MayHaveSkipped(later.(*openAnswer).Open)
}

// Blind reports whether the server may omit events of the watched key: etcd 2.3.0 to 3.0.17, or a server
// whose version cannot be learned.
func (a *openAnswer) Blind(ctx context.Context, from uint64) bool {
	if index, _ := a.Index(); !a.source.recursive || index <= from {
		return false
	}
	version := a.source.client.versionOf(ctx, a.Member)
	return version == "" || atLeast(version, 2, 3, 0) && !atLeast(version, 3, 1, 0)
}

// Next returns the event of a poll.
func (a *openAnswer) Next() (follow.Event, error) {
	body, err := readAll(a.Body)
	if err != nil {
		return nil, err
	}
	defer body.release()
	if body.blank() {
		if a.Finished() {
			return nil, follow.ErrFinished
		}
		return nil, io.ErrUnexpectedEOF // this is how a proxy ends a poll when its server has gone away
	}
	return a.check(body.decode(a.Reply))
}

// check returns r with the index of the change as its Index, or an error if r may not be the first event.
func (a *openAnswer) check(r *Response, err error) (follow.Event, error) {
	if err != nil {
		return nil, err
	}
	r.Index = r.Node.ModifiedIndex
	if err := a.Check(r.Index); err != nil {
		return nil, err
	}
	return (*event)(r), nil
}

// Available returns the next event and those that have arrived with it, and the error that ends the stream.
func (a *openAnswer) Available() ([]follow.Event, error) {
	const most = 128
	var events []follow.Event
	for {
		line, err := a.lines.Next()
		if err != nil {
			return events, err
		}
		event, err := a.check(decodeEvent(a.Reply, line))
		if err != nil {
			return events, err
		}
		if events = append(events, event); len(events) == most || !a.lines.Ready() {
			return events, nil
		}
	}
}
