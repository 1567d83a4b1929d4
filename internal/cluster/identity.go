package cluster

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/etcdv2/client/internal/errs"
)

// IsClusterID reports whether id is valid as Config.ClusterID: a hexadecimal number, AnyCluster, or empty.
func IsClusterID(id string) bool {
	_, err := strconv.ParseUint(id, 16, 64)
	return err == nil || id == "" || id == AnyCluster
}

// identity records which cluster answers, and the highest index that it has reported.
type identity struct {
	expected string                 // the configured ID; empty for the cluster that answers first
	learned  atomic.Pointer[string] // the ID of the cluster that answered first
	seen     atomic.Uint64          // the highest etcd index in an answer with the cluster's ID
	unsigned atomic.Uint64          // the same for answers without an ID
}

// check returns the author of a reply, and errs.ErrWrongCluster for a reply from another cluster. It needs
// only the header. Replies without an ID, such as those of etcd 0.x, pass. If no ID is known yet, a reply
// that teaches makes its ID the known one; any other reply passes as one from another cluster.
func (i *identity) check(resp *http.Response, teaches bool) (Author, error) {
	id := IDOf(resp)
	if id == "" || i.expected == AnyCluster {
		return Unidentified, nil
	}
	if !teaches && !i.known() {
		return OtherCluster, nil
	}
	expected := i.expected
	if expected == "" {
		expected = i.learn(id)
	}
	// Etcd leaves leading zeros out; other tools and gateways print them.
	if !strings.EqualFold(strings.TrimLeft(expected, "0"), strings.TrimLeft(id, "0")) {
		return OtherCluster, fmt.Errorf("%w: its ID is %s, not %s", errs.ErrWrongCluster, id, expected)
	}
	return ThisCluster, nil
}

// known reports whether there is an ID to compare others with.
func (i *identity) known() bool {
	return i.expected != AnyCluster && (i.expected != "" || i.learned.Load() != nil)
}

// learn returns the first ID that was reported, which is id if there was none before.
func (i *identity) learn(id string) string {
	if known := i.learned.Load(); known != nil {
		return *known
	}
	first := id // keeps id itself off the heap in later calls
	i.learned.CompareAndSwap(nil, &first)
	return *i.learned.Load()
}

// saw records the etcd index of an answer that check has let pass.
func (i *identity) saw(resp *http.Response) {
	highest, index := &i.seen, IndexOf(resp)
	if IDOf(resp) == "" {
		highest = &i.unsigned
	}
	for {
		seen := highest.Load()
		if index <= seen || highest.CompareAndSwap(seen, index) {
			return
		}
	}
}

// highest returns the highest etcd index that the cluster has reported. An answer without an ID may be the
// page of any server. Its index counts only while no ID is known, because etcd 0.x sends none.
func (i *identity) highest() uint64 {
	if i.expected == AnyCluster || i.known() {
		return i.seen.Load()
	}
	return i.unsigned.Load()
}

// floor returns the etcd index that an answer to a request sent now must have reached to prove that something
// does not exist. A member that lags, or that replays its log after a restart, has not reached it.
func (i *identity) floor() uint64 {
	if i.expected == AnyCluster {
		return 0
	}
	return i.highest()
}

// IndexOf returns the etcd index in a reply's header, or 0 if there is none.
func IndexOf(resp *http.Response) uint64 { return HeaderNumber(resp, "X-Etcd-Index") }

// IDOf returns the cluster's ID in a reply's header, or "" if there is none.
func IDOf(resp *http.Response) string { return resp.Header.Get("X-Etcd-Cluster-Id") }

// HeaderNumber returns the value of a numeric header, or 0 if it is missing or not a number.
func HeaderNumber(resp *http.Response, name string) uint64 {
	text := resp.Header.Get(name)
	if text == "" {
		return 0 // avoids allocating an error
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
