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

// AnyCluster as Config.ClusterID accepts answers from members of different clusters.
const AnyCluster = "*"

// Config is the configuration of a Cluster.
type Config struct {
	Endpoints       []string                                    // client URLs of members
	Discover        func(ctx context.Context) ([]string, error) // finds more endpoints; nil for no discovery
	ClusterID       string                                      // in hex or AnyCluster; empty: first answer's
	VersionPrefix   string                                      // replaces the "/v2" of paths; empty for none
	UserAgent       string                                      // of every request; empty for net/http's
	TLS             *tls.Config                                 // nil for Go's defaults
	HTTPClient      *http.Client                                // nil for a client with its own connection pool
	RefuseRedirects bool                                        // even redirects to the leader
	AttemptTimeout  time.Duration
	MaxInFlight     int           // of calls that do not wait, and as many that renew; 0 or less for no limit
	PulseInterval   time.Duration // 0 or less for never
	Questions       Questions
	Observer        Observer // nil for none

	// Dial makes the connections of the cluster's own pool. Nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Shuffle shuffles the members, for tests. Nil means at random.
	Shuffle func(n int, swap func(i, j int))
}

// Questions makes the calls that ask members for their state, in addition to the calls of users. Each is sent
// once, to one member, without credentials.
type Questions interface {
	// Service asks whether the member serves, which means that it has a leader. Its outcome is Done or
	// Refused if the member serves.
	Service() *Call

	// Index asks for the member's etcd index. The verdict reports the index whatever its outcome. From etcd
	// 2.0 on, the reply carries the cluster's ID.
	Index() *Call

	// Machines asks for the client URLs of all members, and stores them in named.
	Machines(named *[]string) *Call

	// Version asks m for its version, and records it with SetVersion. Its outcome is Done without an error if
	// the version was recorded.
	Version(m *Member) *Call

	// Change waits for the first event at or after from; 0 means the next event. Its outcome is Done with the
	// index of the event, or with the index of the store if the event is no longer in the history.
	Change(from uint64) *Call
}

// Observer is notified of the attempts of calls and of members that fail and recover. Its methods may be
// called by multiple goroutines at once.
type Observer interface {
	AttemptStarted(endpoint, path string, call *Call)
	AttemptEnded(endpoint, path string, call *Call, took time.Duration, outcome Outcome, err error)
	SetAside(endpoint string, duration time.Duration, err error)
	Back(endpoint string)
}

// members parses the endpoints. An endpoint that is listed twice counts once.
func (c Config) members() ([]*Member, error) {
	var members []*Member
	seen := map[string]bool{}
	for _, endpoint := range c.Endpoints {
		m, err := parseMember(endpoint)
		if err != nil {
			return nil, err
		}
		if err := checkNotAPI(m.base, c.VersionPrefix); err != nil {
			return nil, err
		}
		if m.seed = true; !seen[m.endpoint] {
			seen[m.endpoint] = true
			members = append(members, m)
		}
	}
	if len(members) == 0 && c.Discover == nil {
		return nil, errs.Invalidf("endpoints are missing")
	}
	shuffle := c.Shuffle
	if shuffle == nil {
		shuffle = rand.Shuffle
	}
	shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return members, nil
}
