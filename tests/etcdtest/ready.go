package etcdtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"
)

// probeTimeout bounds one request to a member, so that a frozen one is not waited
// for to the end.
const probeTimeout = 2 * time.Second

// waitReady returns when the member has answered a quorum read. That read goes
// through the cluster's log: the member has a leader, and has applied everything
// committed before (2.3.8 answers plain reads with 404 while it still replays its
// log). 401 is an answer too: authentication is on.
func (m *Member) waitReady(ctx context.Context) error {
	err := poll(ctx, func(ctx context.Context) error {
		if err := m.alive(); err != nil {
			return err
		}
		status, err := m.probe(ctx, "/v2/keys/?quorum=true", nil)
		if err != nil || status == http.StatusOK || status == http.StatusUnauthorized {
			return err
		}
		return fmt.Errorf("a quorum read is answered with status %d", status)
	})
	if err != nil {
		return fmt.Errorf("etcdtest: member %s is not ready: %w", m.Name(), err)
	}
	return nil
}

// alive returns a permanent error if the member's server has gone.
func (m *Member) alive() error {
	s := m.running()
	if s == nil {
		return permanentError{errors.New("it was stopped")}
	}
	select {
	case <-s.exited():
		return permanentError{m.exitError()}
	default:
		return nil
	}
}

// exitError says why the server ended by itself, as far as its log tells.
func (m *Member) exitError() error {
	log := m.logTail()
	if saysAddressInUse(log) {
		return fmt.Errorf("its process has ended: %w", syscall.EADDRINUSE)
	}
	return fmt.Errorf("its process has ended, with this in its log:\n%s", log)
}

// probe sends one GET and decodes the JSON of a 200 into result, unless that is nil.
func (m *Member) probe(ctx context.Context, path string, result any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL()+path, nil)
	if err != nil {
		return 0, err
	}
	resp, err := m.cluster.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if result != nil && resp.StatusCode == http.StatusOK {
		err = json.NewDecoder(resp.Body).Decode(result)
	}
	return resp.StatusCode, err
}
