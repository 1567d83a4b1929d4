package etcd

import (
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/feed"
)

// Client speaks to one etcd cluster. Its methods may be called by many goroutines at once. Make one with New
// and share it: it holds the connection pool. The zero value is not usable.
type Client struct {
	cluster        *cluster.Cluster
	hub            *feed.Hub     // of the watches
	starts         chan struct{} // holds one value for each watch that asks where it begins
	observer       Observer      // nil for none
	pollTimeout    time.Duration
	selection      Selection
	mostReplyBytes int64                          // see Config.MaxReplyBytes
	refresh        atomic.Pointer[refreshSupport] // nil until it was asked for
	legacy         atomic.Bool                    // the cluster has answered a quorum read as etcd 0.x does
}

// New returns a client for the cluster that config describes. It returns ErrInvalidArgument for a
// configuration that cannot work. It opens no connection; with a SyncInterval the background does so at once.
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
		observer:    config.Observer,
		pollTimeout: config.PollTimeout, selection: config.Selection, mostReplyBytes: config.MaxReplyBytes,
	}
	if config.SyncInterval > 0 {
		c.syncInBackground(config.SyncInterval)
	}
	return c, nil
}

// Close ends calls and watches that run, with ErrClosed, ends what runs in the background, and closes the
// idle connections of the client's own pool; those of Config.HTTPClient are its owner's. Later calls return
// ErrClosed. A second Close does nothing. The error is always nil.
func (c *Client) Close() error {
	c.hub.Close()
	c.cluster.Close()
	c.hub.Wait()
	return nil
}

// Endpoints returns the URLs of the members that requests can go to now.
func (c *Client) Endpoints() []string { return c.cluster.Endpoints() }
