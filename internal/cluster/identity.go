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

// author returns the author of a reply by its header, and errs.ErrWrongCluster for a reply from another
// cluster.
func (i *identity) author(resp *http.Response) (Author, error) {
	id, expected := IDOf(resp), i.id()
	switch {
	case expected == "" || expected == AnyCluster:
		return Unidentified, nil
	case id == "":
		return Nameless, nil
	// Etcd leaves leading zeros out; other tools and gateways print them.
	case !strings.EqualFold(strings.TrimLeft(expected, "0"), strings.TrimLeft(id, "0")):
		return OtherCluster, fmt.Errorf("%w: its ID is %.20q, not %s", errs.ErrWrongCluster, id, expected)
	}
	return ThisCluster, nil
}

// learn makes the ID of a member's answer the one to compare others with, if none is known yet, and returns
// the answer's author. The reply must have been found to be etcd's, because the page of another server may
// have any header. If teaches is false and no ID is known, a reply with an ID counts as one from another
// cluster.
func (i *identity) learn(resp *http.Response, teaches bool) (Author, error) {
	if id := IDOf(resp); id != "" && i.id() == "" {
		if !teaches {
			return OtherCluster, nil
		}
		first := id // keeps id itself off the heap in later calls
		i.learned.CompareAndSwap(nil, &first)
	}
	return i.author(resp) // again, because another answer may have been the first
}

// id returns the ID to compare others with, AnyCluster, or "" if none is known yet.
func (i *identity) id() string {
	if i.expected != "" {
		return i.expected
	}
	if learned := i.learned.Load(); learned != nil {
		return *learned
	}
	return ""
}

// known reports whether there is an ID to compare others with.
func (i *identity) known() bool { return i.id() != "" && i.expected != AnyCluster }

// saw records the etcd index of an answer.
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

// Mixed reports whether members of different clusters may answer, because Config.ClusterID is AnyCluster.
func (c *Cluster) Mixed() bool { return c.identity.expected == AnyCluster }

// IndexOf returns the etcd index in a reply's header, or 0 if there is none.
func IndexOf(resp *http.Response) uint64 { return HeaderNumber(resp, "X-Etcd-Index") }

// TellsIndex reports whether a reply's header has the etcd index, which may be 0.
func TellsIndex(resp *http.Response) bool { return resp.Header.Get("X-Etcd-Index") != "" }

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
