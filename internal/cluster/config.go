package cluster

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// AnyCluster as Config.ClusterID lets members of different clusters answer.
const AnyCluster = "*"

// Config is what New needs to know.
type Config struct {
	Endpoints       []string                                    // client URLs of members
	Discover        func(ctx context.Context) ([]string, error) // finds further ones; nil where there is nothing to look up
	ClusterID       string                                      // in hex; empty for that of the first answer, or AnyCluster
	VersionPrefix   string                                      // takes the place of the "/v2" that paths begin with; empty for no prefix
	Username        string                                      // of basic auth; empty for none
	Password        string
	TLS             *tls.Config  // nil for Go's defaults
	HTTPClient      *http.Client // nil for one with a pool of its own
	RefuseRedirects bool         // also those to the leader
	AttemptTimeout  time.Duration
	PulseInterval   time.Duration // not above 0 for never
	Questions       Questions
	Observer        Observer // nil for none

	// For tests: how connections of a pool of its own are made, nil for TCP; and how the order of the members
	// is mixed, nil for at random.
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Shuffle func(n int, swap func(i, j int))
}

// Questions makes the calls by which members are asked how they are, aside from the calls of users. A call is
// sent to one member, once, and without credentials.
type Questions interface {
	// Service asks whether the member serves: it has a leader. It is Done or Refused if it does.
	Service() *Call

	// Index asks for the member's etcd index, which the verdict tells whatever its outcome. The reply to it
	// tells the cluster's ID, from etcd 2.0 on.
	Index() *Call

	// Change waits for the first event at or behind an index, 0 for the next one. It is Done with the event's
	// index, or with the store's where that event is no longer in the history.
	Change(from uint64) *Call
}

// Observer is told what happens beneath a call, by many goroutines at once.
type Observer interface {
	AttemptStarted(endpoint, method, path string)
	AttemptEnded(endpoint, method, path string, took time.Duration, outcome Outcome, err error)
	SetAside(endpoint string, duration time.Duration, err error)
	Back(endpoint string)
}

// members parses the endpoints. The same endpoint named twice counts once.
func (c Config) members() ([]*Member, error) {
	var members []*Member
	seen := map[string]bool{}
	for _, endpoint := range c.Endpoints {
		m, err := parseMember(endpoint)
		if err != nil {
			return nil, err
		}
		if m.seed = true; !seen[m.endpoint] {
			seen[m.endpoint] = true
			members = append(members, m)
		}
	}
	if len(members) == 0 && c.Discover == nil {
		return nil, errs.Invalidf("no endpoints")
	}
	shuffle := c.Shuffle
	if shuffle == nil {
		shuffle = rand.Shuffle
	}
	shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return members, nil
}
