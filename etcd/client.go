package etcd

import (
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/feed"
	"github.com/etcdv2/client/internal/follow"
)

// mostPollsAhead is how many polls all watches of a client together may have open in addition to the one that
// each needs. One watch that lags uses as many, if it is the only one.
const mostPollsAhead = 64

// Client sends calls to the members of one etcd cluster. Multiple goroutines may use it at once. Make one with
// New and share it, because it holds the connection pool. The zero value is not usable.
//
// A call begins with the member that answered last. The first call begins with a member chosen at random or,
// with SelectLeader, with the leader. Config.AttemptTimeout says how long an attempt at one member may take.
//
// # Answers
//
// A reply is an answer only if etcd of this cluster wrote it in answer to this very request. It must have etcd's
// headers, and its action, key, value and condition, or the code and the cause of a refusal, must fit the
// request. The page of a gateway or a web server, or the answer to another request, settles no write and ends no
// read, whatever its status. A member that sends one is set aside.
//
// # Failover
//
//   - A read (Get, Exists, Watch, and every question about members, users and roles) goes to the next member
//     after anything but an answer: no connection, a reply that was cut off, a 5xx, a page, another cluster.
//   - If a member says that a key does not exist, but is known to be behind, the same member is asked once more
//     with a quorum read.
//   - A write goes to the next member only if no part of it can have been sent, because there was no connection
//     to send it on, or if the server does not serve such requests. That is a server without the path (etcd 3.4
//     and later without --enable-v2), a proxy for reads, a server without members, or a follower of etcd 0.x,
//     which names the leader. If a path is missing, one more request makes sure that it is. In all other cases,
//     a write is sent at most once.
//   - A client with several members asks a member that has not answered yet, or has failed, for its index before
//     it sends a write there. So a write does not go to a server that is not etcd, or to another cluster.
//   - A write that was sent fails with ErrOutcomeUnknown if it was not answered, or was answered with a 5xx or by
//     something other than etcd. It may have been applied, or may still be. Etcd's own timeout, ErrRaftInternal,
//     is such an answer. WithUniqueValue settles the outcome for the writes that allow it. For the others, read
//     the key with WithQuorum to learn what happened.
//   - If a write fails with any other error, it was not applied.
//   - A member that has failed is set aside: first for half a second, then for longer each time, up to half a
//     minute. It is not tried while there are others. If all members are set aside, all are tried.
//   - When all members have been tried and the call may continue, it pauses and makes another round, up to three
//     rounds and none after AttemptTimeout has passed. The end of ctx ends the call.
//   - While a cluster of etcd 0.x elects a leader, a call that needs one makes further rounds until
//     AttemptTimeout has passed. Then the error is ErrLeaderElect, and nothing was applied.
type Client struct {
	cluster        *cluster.Cluster
	hub            *feed.Hub     // of the watches
	starts         chan struct{} // holds one value for each watch that asks where it begins
	observer       Observer      // nil for none
	pollTimeout    time.Duration
	ahead          *follow.Budget // of the polls of all watches
	selection      Selection
	mostReplyBytes int64                          // see Config.MaxReplyBytes
	refresh        atomic.Pointer[refreshSupport] // nil until it was asked for
	legacy         atomic.Bool                    // the cluster has answered a quorum read as etcd 0.x does
	first          atomic.Uint64                  // the index of the first answer on a key; 0 before it
}

// New returns a client for the cluster that config describes. It returns ErrInvalidArgument if the configuration
// cannot work. New opens no connection, but with a SyncInterval the client begins at once to ask for members in
// the background.
func New(config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	return newClient(config, config.cluster())
}

// newClient returns a client of the cluster that ofCluster describes.
func newClient(config Config, ofCluster cluster.Config) (*Client, error) {
	members, err := cluster.New(ofCluster)
	if err != nil {
		return nil, err
	}
	members.SetCredentials(config.Username, config.Password)
	c := &Client{
		cluster: members, hub: newHub(config, members.Seen), starts: make(chan struct{}, mostStarts),
		ahead: follow.NewBudget(mostPollsAhead), observer: config.Observer, pollTimeout: config.PollTimeout,
		selection: config.Selection, mostReplyBytes: config.MaxReplyBytes,
	}
	if config.SyncInterval > 0 {
		c.syncInBackground(config.SyncInterval)
	}
	return c, nil
}

// Close ends running calls and watches with ErrClosed, ends the client's work in the background, and closes the
// idle connections of the client's own pool. The connections of Config.HTTPClient belong to its owner. Later
// calls return ErrClosed. A second Close does nothing. The error is always nil.
func (c *Client) Close() error {
	c.hub.Close()
	c.cluster.Close()
	c.hub.Wait()
	return nil
}

// Endpoints returns the URLs of the members that requests can currently go to.
func (c *Client) Endpoints() []string { return c.cluster.Endpoints() }
