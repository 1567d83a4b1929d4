package locking

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/etcdv2/client/etcd"
)

// entry is what a contender writes into its key.
type entry struct {
	Value    string `json:"value"`
	ID       string `json:"id"` // random, new with each acquisition
	Identity string `json:"identity,omitempty"`
	Shared   bool   `json:"shared,omitempty"` // a reader's
	Held     bool   `json:"held,omitempty"`   // written where others have to be told
	Limit    int    `json:"limit,omitempty"`  // a semaphore's
	Former   int    `json:"former,omitempty"` // the limit that it had before
}

// layout is how contenders are kept in a lock's directory.
type layout interface {
	create(ctx context.Context, client *etcd.Client, dir string, e entry, ttl time.Duration) (*etcd.Response, error)
	encode(e entry) string
	decode(value string) entry // what is not a contender's of ours is one all the same
	compare(a, b Contender) int
	foreign() string // what a lock is called that others know, too; empty for this package's own
}

// native is this package's own layout: keys with random names, in the order of their createdIndex.
//
// A key whose name is unique can be created a second time when the fate of the first is not known, and
// deleted without ever meaning another's. The order of creation is the only one that all servers agree about;
// in-order keys do not sort before etcd 2.2.
type native struct{}

func (l native) create(ctx context.Context, client *etcd.Client, dir string, e entry, ttl time.Duration,
) (*etcd.Response, error) {
	return client.Create(ctx, dir+"/"+e.ID, l.encode(e), etcd.WithTTL(ttl), etcd.WithUniqueValue())
}

func (native) encode(e entry) string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings, numbers and booleans cannot fail
	}
	return string(text)
}

func (native) decode(value string) entry {
	var e entry
	if json.Unmarshal([]byte(value), &e) != nil || e.ID == "" {
		return entry{Value: value}
	}
	return e
}

func (native) compare(a, b Contender) int { return cmp.Compare(a.Token, b.Token) }

func (native) foreign() string { return "" }

// newID returns a text that nobody has had before.
func newID() string { return rand.Text() }
