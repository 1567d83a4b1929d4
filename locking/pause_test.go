package locking

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

func TestLingeringOutlivesItsContext(t *testing.T) {
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	late, stop := lingering(ctx)
	if got, ok := late.Deadline(); !ok || !got.Equal(deadline.Add(cleanUpTime)) {
		t.Errorf("deadline %v, want %v later", got, cleanUpTime)
	}
	cancel()
	if late.Err() != nil {
		t.Error("it ended with its context")
	}
	stop()
	if late.Err() == nil {
		t.Error("it was not ended")
	}
}

func TestPassing(t *testing.T) {
	refusal := &etcd.Error{Code: etcd.ErrUnauthorized, StatusCode: 401}
	cluster := func(errs ...error) error {
		failed := &etcd.ClusterError{}
		for _, err := range errs {
			failed.Attempts = append(failed.Attempts, etcd.Attempt{Err: err})
		}
		return failed
	}
	unreachable := errors.New("connection refused")
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{refusal, false},
		{cluster(unreachable), true},
		{cluster(unreachable, etcd.ErrWrongCluster), true},
		{cluster(etcd.ErrWrongCluster, etcd.ErrWrongCluster), false},
		{cluster(etcd.ErrClosed), false},
		{fmt.Errorf("%w", cluster(&etcd.Error{StatusCode: 500})), true},
		{etcd.ErrInvalidArgument, false},
		{context.Canceled, false},
	} {
		if got := passing(test.err); got != test.want {
			t.Errorf("passing(%v) is %v", test.err, got)
		}
	}
}
