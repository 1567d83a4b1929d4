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

const (
	// quorumTimeout bounds one quorum read, which may have to wait for an election.
	quorumTimeout = 2 * time.Second
	// quickTimeout bounds requests that wait for nothing: a member that takes longer
	// is frozen.
	quickTimeout = 500 * time.Millisecond
)

// waitReady returns when the member has answered a quorum read. That read goes
// through the cluster's log: the member has a leader, and has applied everything
// committed before (2.3.8 answers plain reads with 404 while it still replays its
// log). 401 is an answer too: authentication is on. Without the v2 API the member's
// health has to do, which is a quorum read of its own.
func (m *Member) waitReady(ctx context.Context) error {
	question := "/v2/keys/?quorum=true"
	if m.spec.WithoutV2 {
		question = "/health"
	}
	err := poll(ctx, func(ctx context.Context) error {
		if err := m.alive(); err != nil {
			return err
		}
		status, err := m.probe(ctx, m.URL()+question, quorumTimeout, nil)
		switch {
		case err != nil:
			return err
		case status == http.StatusOK, status == http.StatusUnauthorized:
			return m.versionDecided(ctx)
		}
		return fmt.Errorf("a look at it is answered with status %d", status)
	})
	if err != nil {
		return fmt.Errorf("etcdtest: member %s is not ready: %w", m.Name(), err)
	}
	return nil
}

// versionDecided returns an error as long as the cluster has not agreed on its version, which takes the first
// member a moment. No other member could join before that, and two members cannot agree while one of them has
// not joined. Etcd 2.0 has no such version.
func (m *Member) versionDecided(ctx context.Context) error {
	var version struct {
		Cluster string `json:"etcdcluster"`
	}
	if _, err := m.probe(ctx, m.URL()+"/version", quickTimeout, &version); err == nil && version.Cluster == "not_decided" {
		return errors.New("the version of the cluster is not decided")
	}
	return nil
}

// waitListening returns when the member answers its peers, which it does before there
// is a leader.
func (m *Member) waitListening(ctx context.Context) error {
	err := poll(ctx, func(ctx context.Context) error {
		if err := m.alive(); err != nil {
			return err
		}
		_, err := m.probe(ctx, m.spec.PeerURL()+"/version", quickTimeout, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("etcdtest: member %s does not answer its peers: %w", m.Name(), err)
	}
	return nil
}

// alive returns a permanent error if the member's server has gone.
func (m *Member) alive() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.server == nil:
		return permanentError{errors.New("it was stopped")}
	case hasExited(m.server):
		return permanentError{m.exitError()}
	}
	return nil
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
func (m *Member) probe(ctx context.Context, url string, timeout time.Duration, result any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
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
