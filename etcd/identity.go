package etcd

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// AnyCluster as Config.ClusterID lets members of different clusters answer.
const AnyCluster = "*"

// isClusterID reports whether id can be compared with what servers send.
func isClusterID(id string) bool {
	_, err := strconv.ParseUint(id, 16, 64)
	return err == nil || id == "" || id == AnyCluster
}

// clusterIdentity is which cluster the client speaks to, and how far that is known to have come.
type clusterIdentity struct {
	expected string                 // the configured ID; empty to keep to the first that answers
	learned  atomic.Pointer[string] // the first that answered
	seen     atomic.Uint64          // the highest etcd index that an answer told
}

// check returns ErrWrongCluster for a reply from another cluster. It only needs the header. Replies
// without an ID, as those of etcd 0.x, pass.
func (i *clusterIdentity) check(resp *http.Response) error {
	id := resp.Header.Get("X-Etcd-Cluster-Id")
	if id == "" || i.expected == AnyCluster {
		return nil
	}
	expected := i.expected
	if expected == "" {
		expected = i.learn(id)
	}
	if !strings.EqualFold(strings.TrimLeft(expected, "0"), id) {
		return fmt.Errorf("%w: its ID is %s, not %s", ErrWrongCluster, id, expected)
	}
	return nil
}

// learn returns the first ID that was told: id, if there was none before.
func (i *clusterIdentity) learn(id string) string {
	if i.learned.Load() == nil {
		i.learned.CompareAndSwap(nil, &id)
	}
	return *i.learned.Load()
}

// saw remembers the etcd index of an answer.
func (i *clusterIdentity) saw(index uint64) {
	for {
		seen := i.seen.Load()
		if index <= seen || i.seen.CompareAndSwap(seen, index) {
			return
		}
	}
}

// floor is the etcd index that an answer to a request sent now must have reached before it can be
// taken for proof that something does not exist. A member that is behind, or replays its log after
// a restart, has not.
func (i *clusterIdentity) floor() uint64 {
	if i.expected == AnyCluster {
		return 0
	}
	return i.seen.Load()
}
