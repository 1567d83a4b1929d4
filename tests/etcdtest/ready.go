package etcdtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
// health has to do, which is a linearizable read of the v3 API.
func (m *Member) waitReady(ctx context.Context) error {
	return m.wait(ctx, "is not ready", func(ctx context.Context) error {
		// The ID at the port for peers shows that this server is the cluster's, and so that the
		// port for clients is: etcd opens both before it answers at either.
		if _, err := m.peers(ctx); err != nil {
			return err
		}
		if err := m.serves(ctx); err != nil {
			return err
		}
		return m.versionDecided(ctx)
	})
}

// serves returns an error unless the member answers a client.
func (m *Member) serves(ctx context.Context) error {
	question, get := "/v2/keys/?quorum=true", m.ask
	if m.spec.WithoutV2 {
		question, get = "/health", m.get // where no reply names the cluster
	}
	status, err := get(ctx, m.URL()+question, quorumTimeout, nil)
	if err == nil && status != http.StatusOK && status != http.StatusUnauthorized {
		return fmt.Errorf("GET %s is answered with status %d", question, status)
	}
	return err
}

// versionDecided returns an error as long as the cluster has not agreed on its version, which takes the first
// member a moment. No other member could join before that, and two members cannot agree while one of them has
// not joined. Etcd 2.0 has no such version.
func (m *Member) versionDecided(ctx context.Context) error {
	var version struct {
		Cluster string `json:"etcdcluster"`
	}
	if _, err := m.get(ctx, m.URL()+"/version", quickTimeout, &version); err == nil && version.Cluster == "not_decided" {
		return errors.New("the version of the cluster is not decided")
	}
	return nil
}

// waitListening returns when the member answers its peers, which it does before there
// is a leader.
func (m *Member) waitListening(ctx context.Context) error {
	return m.wait(ctx, "does not answer its peers", func(ctx context.Context) error {
		_, err := m.peers(ctx)
		return err
	})
}

// wait polls check as long as the member's server lives. The error has the end of the server's log.
func (m *Member) wait(ctx context.Context, failure string, check func(context.Context) error) error {
	err := poll(ctx, func(ctx context.Context) error {
		err := check(ctx)
		// Whatever was seen, it counts only if the server that was started is still there after it.
		if gone := m.alive(); gone != nil {
			return gone
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("etcdtest: member %s %s: %w\nthe end of its log:\n%s", m.Name(), failure, err, m.logTail())
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
	for _, addr := range []string{m.spec.ClientAddr, m.spec.PeerAddr} {
		if saysInUse(m.logTail(), addr) {
			return fmt.Errorf("its server has ended: %s: %w", addr, errInUse)
		}
	}
	return errors.New("its server has ended")
}

// ask is get, and the reply has to name the member's cluster.
func (m *Member) ask(ctx context.Context, url string, timeout time.Duration, result any) (status int, err error) {
	return m.request(ctx, http.MethodGet, url, timeout, result, m.cluster.recognize)
}

// get sends one GET and decodes the JSON of a 200 into result, unless that is nil.
func (m *Member) get(ctx context.Context, url string, timeout time.Duration, result any) (status int, err error) {
	return m.request(ctx, http.MethodGet, url, timeout, result, anyReply)
}

// anyReply is the check of a reply that need not name the cluster.
func anyReply(*http.Response) error { return nil }

func (m *Member) request(
	ctx context.Context, method, url string, timeout time.Duration, result any, check func(*http.Response) error,
) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := m.cluster.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if err := check(resp); err != nil {
		return 0, err
	}
	if result != nil && resp.StatusCode == http.StatusOK {
		err = json.NewDecoder(resp.Body).Decode(result)
	}
	return resp.StatusCode, err
}
