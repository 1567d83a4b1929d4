package legacy

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2error"
)

func (m *Member) version(w http.ResponseWriter, _ *http.Request) error {
	return writeText(w, "etcd 0.4.9")
}

// leader names the URL for peers, not the one for clients.
func (m *Member) leader(w http.ResponseWriter, _ *http.Request) error {
	leader := m.cluster.leaderOf(m)
	if leader == nil {
		return m.newError(v2error.EcodeLeaderElect, "")
	}
	return writeText(w, leader.PeerURL())
}

// machines lists the members, also dead ones: first the one that m takes for the leader, the others in an
// order that changes.
func (m *Member) machines(w http.ResponseWriter, _ *http.Request) error {
	members, leader := m.cluster.Members(), m.cluster.leaderOf(m)
	var urls []string
	if slices.Contains(members, leader) {
		urls = append(urls, leader.URL())
	}
	for _, i := range rand.Perm(len(members)) {
		if members[i] != leader {
			urls = append(urls, members[i].URL())
		}
	}
	return writeText(w, strings.Join(urls, ", "))
}

func (m *Member) selfStats(w http.ResponseWriter, _ *http.Request) error {
	leader := m.cluster.leaderOf(m)
	info := map[string]any{"leader": "", "uptime": time.Since(m.started).String(), "startTime": m.started}
	state := "" // of a member that is alone, or has not heard of a leader
	if leader != nil {
		info["leader"] = leader.name
	}
	switch {
	case leader == m && len(m.cluster.Members()) > 1:
		state = "leader"
	case leader != nil && leader != m:
		state = "follower"
	}
	return writeJSON(w, map[string]any{
		"name": m.name, "state": state, "startTime": m.started, "leaderInfo": info,
		"recvAppendRequestCnt": 0, "sendAppendRequestCnt": 0,
	})
}

func (m *Member) leaderStats(w http.ResponseWriter, _ *http.Request) error {
	if m.cluster.Leader() != m {
		w.WriteHeader(http.StatusForbidden)
		return writeText(w, "not current leader")
	}
	followers := map[string]any{}
	for _, follower := range m.cluster.Members() {
		if follower != m {
			followers[follower.name] = map[string]any{
				"latency": map[string]float64{"current": 1, "average": 1, "standardDeviation": 0, "minimum": 1, "maximum": 1},
				"counts":  map[string]int{"fail": 0, "success": 1},
			}
		}
	}
	return writeJSON(w, map[string]any{"leader": m.name, "followers": followers})
}

func (m *Member) storeStats(w http.ResponseWriter, _ *http.Request) error {
	m.mu.RLock()
	stats := m.store.JsonStats()
	m.mu.RUnlock()
	return writeJSON(w, json.RawMessage(stats))
}

// writeText and writeJSON return nil: a client that has gone needs no answer.
func writeText(w http.ResponseWriter, text string) error {
	_, _ = io.WriteString(w, text)
	return nil
}

func writeJSON(w http.ResponseWriter, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return writeText(w, string(text))
}
