package etcd

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/errs"
)

// AnyCluster as Config.ClusterID lets members of different clusters answer.
const AnyCluster = "*"

// defaultVersionPrefix is the VersionPrefix of a Config that has none.
const defaultVersionPrefix = "/v2"

// Config is what New needs to know. Only Endpoints must be set.
type Config struct {
	// Endpoints are the client URLs of members, such as "http://10.0.0.1:2379". A path, such as that of a
	// gateway, is put before the path of every request. It must not end in VersionPrefix, which requests add;
	// for a gateway whose own path does, VersionPrefix can be longer: "/v2/v2". Some of the members will do,
	// if Sync or SyncInterval finds the others. There must be at least one, unless Discovery finds it.
	Endpoints []string

	// Discovery finds members by their SRV records in the DNS: with each Sync, and, where there are no
	// Endpoints, for the first call. The zero value looks for none. The DNS is not configuration: with TLS,
	// or an https endpoint, records without TLS are passed over.
	Discovery Discovery

	// Selection says which member calls begin with. The zero value is SelectAny.
	Selection Selection

	// SyncInterval is how often the cluster is asked in the background for its members, as Sync does;
	// failures do not end it. Zero means never: right for endpoints that are proxies, and where members
	// advertise addresses that cannot be reached from here. It cannot be negative.
	SyncInterval time.Duration

	// ClusterID is the ID of the cluster, in hex, as Response.ClusterID tells it. An answer from another is
	// ErrWrongCluster: a member of the wrong cluster in Endpoints, or a cluster that was built anew. Empty
	// means that of the first answer, AnyCluster that none is compared.
	ClusterID string

	// VersionPrefix replaces the "/v2" that the paths of keys, machines and leader begin with, for servers
	// behind a gateway. Empty means "/v2"; "/" means no prefix at all.
	VersionPrefix string

	// Username and Password are sent with every request as basic auth, unasked, since etcd never asks. Empty
	// means none. Client.SetCredentials replaces them.
	Username string
	Password string

	// UserAgent is sent as the header User-Agent of every request, so that the logs of servers and proxies show
	// which program calls. Empty means "etcdv2-client-go/" and the version of this library, if the program was
	// built from a released one.
	UserAgent string

	// TLS is used for https endpoints: authorities, client certificate, and so on. TLSFiles makes one from
	// PEM files. Nil means Go's defaults: the system's authorities, no client certificate. The server's
	// certificate is verified unless TLS says otherwise.
	TLS *tls.Config

	// HTTPClient sends the requests, in place of one with a connection pool of its own. Its CheckRedirect is
	// not used. Its Timeout must be zero, since it would cut watches. It cannot be combined with TLS. Watches
	// of quiet keys need a connection of their own on a busy server; see Client.Watch. Nil
	// means an own client, whose idle connections Close closes.
	HTTPClient *http.Client

	// RefuseRedirects makes every redirect an error. Without it one kind is followed: that of an etcd 0.x
	// follower which names the leader, if the leader is one of the known members or one that the follower lists.
	RefuseRedirects bool

	// AttemptTimeout bounds one attempt at one member: connecting, sending and reading the whole reply; for a
	// watch, the connecting alone, or, without a PulseInterval, until the reply's header. When a call has a
	// deadline, an attempt gets no more than an even part of what is left for each member still to try; of a
	// read's time one part more is kept for a second round. Half of an attempt's time is for connecting. Zero
	// means 10 s, which is longer than the 7 s after which a member without quorum gives up. Negative means
	// no bound but the deadline's.
	AttemptTimeout time.Duration

	// PollTimeout is how long one poll of a watch may last before it is made again. Set it below the idle
	// timeout of a proxy in between, with 5 s to spare. Zero means 50 s. It cannot be less than 2 s: after a
	// shorter poll the watch could not tell that there was no event.
	PollTimeout time.Duration

	// MaxReplyBytes is the length in bytes of the longest body that a call on keys reads; a longer one is an
	// error, and for a write ErrOutcomeUnknown. Zero means no limit: a recursive Get of the root reads all
	// that the server holds. It cannot be negative. It does not limit the events of watches. Of refusals,
	// 64 KiB are read in any case, and of other answers 64 MiB.
	MaxReplyBytes int64

	// PulseInterval is how often a member on which watches wait is asked whether it is alive and has a
	// leader; it may take nine tenths of that to answer. When it does not, the watches move to another
	// member; so a member that hangs costs a watch at most two intervals. All watches of a client together
	// need two such small requests for each member they wait on, and one poll. Nothing is asked where no poll
	// has waited for a tenth of the interval: it brings events. Zero means 1 s, the least is 100 ms. Negative
	// means never: then a watch leaves a member that hangs after AttemptTimeout or PollTimeout, and does not
	// know when one has skipped changes.
	PulseInterval time.Duration

	// WatchPolls is how many watches at or below one directory have a poll of their own. From the next one on
	// they share one recursive poll of the directory, so that many watches cost no more than one. Each event
	// below the directory then reaches the client, whether a watch wants it or not. Zero means 16. Negative
	// means that nothing is shared. Watches that the server does not let share are not: those of hidden keys
	// below the directory, and those of a user that must not read the directory.
	WatchPolls int

	// Observer is told of attempts, of members that fail and come back, of syncs, of watches that lag or are
	// opened anew, and of mirrors that are read again. Nil means nobody is. LogObserver makes one that writes
	// to a log.
	Observer Observer
}

// Selection says which member calls begin with. They stay with the one that answers.
type Selection int

const (
	// SelectAny begins with a member chosen at random, so that clients spread over the members.
	SelectAny Selection = iota
	// SelectLeader begins with the leader, which saves a hop on writes and quorum reads. The leader is looked
	// up with every sync, so it needs a SyncInterval.
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
		return c, errs.Invalidf("there is no selection %d", c.Selection)
	case c.Selection == SelectLeader && c.SyncInterval == 0:
		return c, errs.Invalidf("SelectLeader without a SyncInterval would not follow the leader")
	}
	return c, cmp.Or(checkUserAgent(c.UserAgent), checkCredentials(c.Username, c.Password))
}

// cluster returns what the cluster needs to know.
func (c Config) cluster() cluster.Config {
	config := cluster.Config{
		Endpoints: c.Endpoints, ClusterID: c.ClusterID, VersionPrefix: c.VersionPrefix,
		UserAgent: c.UserAgent, TLS: c.TLS, HTTPClient: c.HTTPClient,
		RefuseRedirects: c.RefuseRedirects, AttemptTimeout: c.AttemptTimeout,
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
