package etcd

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/errs"
)

// AnyCluster as Config.ClusterID accepts answers from members of different clusters.
const AnyCluster = "*"

// defaultVersionPrefix is the VersionPrefix of a Config that has none.
const defaultVersionPrefix = "/v2"

// defaultMaxInFlight is the MaxInFlight of a Config that has none.
const defaultMaxInFlight = 256

// Config configures a Client. Only Endpoints must be set.
type Config struct {
	// Endpoints are the client URLs of members, such as "http://10.0.0.1:2379". The path of an endpoint, such as
	// that of a gateway, is put before the path of every request. It must not end in VersionPrefix, which
	// requests add; for a gateway whose own path ends so, VersionPrefix can be longer: "/v2/v2". Some of the
	// members are enough if Sync or SyncInterval finds the others. At least one is needed, unless Discovery
	// finds it.
	Endpoints []string

	// Discovery finds members by their SRV records in the DNS: with each Sync and, if there are no Endpoints,
	// for the first call. The zero value looks for none. The DNS is not configuration: with TLS or an https
	// endpoint, records without TLS are passed over.
	Discovery Discovery

	// Selection chooses the member that calls begin with. The zero value is SelectAny.
	Selection Selection

	// SyncInterval is how often the client asks the cluster for its members in the background, as Sync does. A
	// failure does not end that. Without it and without Sync, requests go only to Endpoints and to what
	// Discovery finds. That is right if the endpoints are proxies, or if members advertise addresses that cannot
	// be reached from here. Zero means never. It cannot be negative.
	SyncInterval time.Duration

	// ClusterID is the ID of the cluster in hexadecimal, as in Response.ClusterID. From etcd 2.0 on, every answer
	// on keys has the ID of its cluster. An answer with another ID is ErrWrongCluster, which the client finds in
	// the reply's header before it uses the body: a member of the wrong cluster is in Endpoints, or the cluster
	// was rebuilt. An answer on keys without an ID does not count as etcd's. Empty means the ID of the first
	// answer, so a cluster that was rebuilt needs a new client. AnyCluster means that IDs are not compared.
	ClusterID string

	// VersionPrefix replaces the "/v2" at the beginning of the paths of keys, machines and leader, for servers
	// behind a gateway. Empty means "/v2"; "/" means no prefix.
	VersionPrefix string

	// Username and Password are sent as basic auth with every request, without being asked for, because etcd
	// never asks. They go to the configured members, and to members that the cluster names and that use the same
	// scheme as a configured one. Empty means no credentials. Client.SetCredentials replaces them while watches
	// and locks run.
	Username string
	Password string

	// UserAgent is the header User-Agent of every request, so that the logs of servers and proxies show which
	// program sent it. Empty means "etcdv2-client-go/" and the version of this library, if the program was built
	// from a released one.
	UserAgent string

	// TLS configures https endpoints: authorities, client certificate, and so on. TLSFiles makes one from PEM
	// files. Nil means Go's defaults: the system's authorities and no client certificate. The server's
	// certificate is verified unless TLS says otherwise.
	TLS *tls.Config

	// HTTPClient sends the requests instead of a client with a connection pool of its own. Its CheckRedirect is
	// not used. Its Timeout must be zero, because it would cut watches. It cannot be combined with TLS. Watches
	// of quiet keys need a connection of their own on a busy server; see Client.Watch. Nil means a client of its
	// own, whose idle connections Close closes.
	//
	// An *http.Transport reports whether a request has left it. With any other transport, each write that fails
	// without an answer is ErrOutcomeUnknown, even if the connection was refused. A transport that sends requests
	// only through another is seen through if it has a method Unwrap() http.RoundTripper that returns that one.
	// OpenTelemetry's otelhttp.Transport has no such method: embed it in a type that has.
	HTTPClient *http.Client

	// Dial opens the connections, as net.Dialer.DialContext does, for example through a tunnel or to a Unix socket.
	// TLS is added to what it returns. A connection should have a method CloseWrite, as a TCP connection has: what
	// is said of HTTPClient and watches of quiet keys is also true of connections without. Dial cannot be
	// combined with HTTPClient. Nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// RefuseRedirects makes every redirect an error. Without it the client follows one kind of redirect: that of
	// an etcd 0.x follower to its leader, if the leader is one of the endpoints or one that the follower lists.
	// No other redirect is followed, because Go's http.Client would turn a redirected PUT into a GET.
	RefuseRedirects bool

	// AttemptTimeout limits one attempt at one member: connecting, sending, and reading the whole reply. For a
	// watch it limits connecting only or, without a PulseInterval, the time until the header of the reply. If a
	// call has a deadline, an attempt gets at most an even share of the time left for each member still to try;
	// a read keeps one more share for a second round. Half of an attempt's time is for connecting. Zero means
	// 10 s, which is longer than the 7 s after which a member without quorum gives up. Negative means no limit
	// except the deadline.
	AttemptTimeout time.Duration

	// MaxInFlight is how many calls of the client may be in flight at once. Each needs a connection. Further
	// calls wait in turn, until their context ends or the client is closed; what is in flight is not affected.
	// Writes that give a new TTL to a key that exists, such as those of a lock's holder, wait only for one
	// another. Watches do not count. Zero means 256, negative means no limit.
	MaxInFlight int

	// PollTimeout is how long one poll of a watch may last before it is made again. Set it 5 s below the idle
	// timeout of a proxy in between. Zero means 50 s. It cannot be less than 2 s: after a shorter poll the watch
	// could not tell that there was no event.
	PollTimeout time.Duration

	// MaxReplyBytes is the length of the longest body that a call on keys reads. A longer one is an error, and
	// for a write ErrOutcomeUnknown. Zero means no limit: a recursive Get of the root reads everything that the
	// server holds. It cannot be negative. It does not limit the events of watches. In any case, up to 64 KiB
	// are read of a refusal and up to 64 MiB of other answers.
	MaxReplyBytes int64

	// PulseInterval is after what time a member on which watches wait, and that has shown nothing else, is asked
	// whether it is alive, has a leader, and how far its index is. The member may take nine tenths of the
	// interval to answer. If it does not, the watches move to another member. So a member that hangs, is cut off
	// or cannot be reached costs a watch at most two intervals.
	//
	// While nothing is written, all watches of a client together cost two small requests an interval for each
	// member they wait on. While others write, they cost one or none, because the index of the member shows the
	// same. One more poll looks for changes that a member has skipped. These requests carry no credentials. So
	// they cost a member with authentication no comparison of a password. If guests may not read the root, the
	// member refuses the poll, and the client tries it again every 30 s.
	//
	// Zero means 1 s. The minimum is 100 ms. Negative means never: then a watch leaves a member that hangs only
	// after AttemptTimeout or PollTimeout, and does not notice that a member has skipped changes.
	PulseInterval time.Duration

	// WatchPolls is how many watches at or below one directory have a poll of their own. From the next one on
	// they share one recursive poll of the directory, so that many watches cost no more than one. Each event
	// below the directory then reaches the client, whether a watch wants it or not. Zero means 16. Negative
	// means that nothing is shared. Two kinds of watches are never shared: those of keys that are hidden in the
	// directory, and those of a user that may not read the directory.
	WatchPolls int

	// Observer is told of attempts, of members that fail and recover, of syncs, of watches that lag or reopen,
	// and of mirrors that read again. Nil means none. LogObserver makes one that writes to a log.
	Observer Observer
}

// Selection chooses the member that calls begin with. Calls stay with the member that answers.
type Selection int

const (
	// SelectAny begins with a member chosen at random, so that clients are spread over the members.
	SelectAny Selection = iota
	// SelectLeader begins with the leader, which saves a hop for writes and quorum reads. Every sync looks up the
	// leader, so SelectLeader needs a SyncInterval.
	SelectLeader
)

// withDefaults returns the configuration that c stands for, or an error for one that cannot work.
func (c Config) withDefaults() (Config, error) {
	if c.VersionPrefix == "" {
		c.VersionPrefix = defaultVersionPrefix
	}
	if !strings.HasPrefix(c.VersionPrefix, "/") {
		return c, errs.Invalidf("version prefix %q does not begin with a slash", c.VersionPrefix)
	}
	c.VersionPrefix = strings.TrimRight(c.VersionPrefix, "/")
	if c.UserAgent == "" {
		c.UserAgent = defaultUserAgent()
	}
	if c.AttemptTimeout == 0 {
		c.AttemptTimeout = defaultAttemptTimeout
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = defaultMaxInFlight
	}
	if c.PollTimeout == 0 {
		c.PollTimeout = defaultPollTimeout
	}
	if c.WatchPolls == 0 {
		c.WatchPolls = defaultWatchPolls
	}
	if c.PulseInterval == 0 {
		c.PulseInterval = defaultPulseInterval
	}
	switch {
	case c.PollTimeout < leastPollTimeout:
		return c, errs.Invalidf("poll timeout %v is below %v", c.PollTimeout, leastPollTimeout)
	case c.PulseInterval > 0 && c.PulseInterval < leastPulseInterval:
		return c, errs.Invalidf("pulse interval %v is below %v", c.PulseInterval, leastPulseInterval)
	case c.MaxReplyBytes < 0:
		return c, errs.Invalidf("MaxReplyBytes %d is negative", c.MaxReplyBytes)
	case c.SyncInterval < 0:
		return c, errs.Invalidf("sync interval %v is negative", c.SyncInterval)
	case !cluster.IsClusterID(c.ClusterID):
		return c, errs.Invalidf("cluster ID %q is not a hexadecimal number", c.ClusterID)
	case c.Selection != SelectAny && c.Selection != SelectLeader:
		return c, errs.Invalidf("selection %d is neither SelectAny nor SelectLeader", c.Selection)
	case c.Selection == SelectLeader && c.SyncInterval == 0:
		return c, errs.Invalidf("SelectLeader needs a SyncInterval to follow the leader")
	}
	return c, cmp.Or(checkUserAgent(c.UserAgent), checkCredentials(c.Username, c.Password))
}

// cluster returns what the cluster needs to know.
func (c Config) cluster() cluster.Config {
	config := cluster.Config{
		Endpoints: c.Endpoints, ClusterID: c.ClusterID, VersionPrefix: c.VersionPrefix,
		UserAgent: c.UserAgent, TLS: c.TLS, HTTPClient: c.HTTPClient, Dial: c.Dial,
		RefuseRedirects: c.RefuseRedirects, AttemptTimeout: c.AttemptTimeout, MaxInFlight: c.MaxInFlight,
		PulseInterval: c.PulseInterval, Questions: questions{},
	}
	if c.Discovery.Domain != "" {
		config.Discover = c.Discovery.lookUp
	}
	if c.Observer != nil {
		config.Observer = attemptObserver{c.Observer}
	}
	return config
}
