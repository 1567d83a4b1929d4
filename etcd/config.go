package etcd

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Defaults of Config.
const (
	defaultVersionPrefix  = "/v2"
	defaultAttemptTimeout = 10 * time.Second
	defaultPollTimeout    = 50 * time.Second
)

// Config is what New needs to know. Only Endpoints must be set.
type Config struct {
	// Endpoints are the client URLs of the members, such as "http://10.0.0.1:2379"; a path is
	// put before every request's path. They are tried in this order, and the client stays with
	// the one that answers. There must be at least one.
	Endpoints []string

	// VersionPrefix replaces the "/v2" that the paths of keys, machines and leader begin with,
	// for servers behind a gateway. Empty means "/v2"; "/" means no prefix at all.
	VersionPrefix string

	// Username and Password are sent with every request as basic auth, unasked, since etcd never
	// asks. Empty means none.
	Username string
	Password string

	// TLS is used for https endpoints: authorities, client certificate, and so on. TLSFiles
	// makes one from PEM files. Nil means Go's defaults: the system's authorities, no client
	// certificate. The server's certificate is verified unless TLS says otherwise.
	TLS *tls.Config

	// HTTPClient sends the requests, in place of one with a connection pool of its own. Its
	// CheckRedirect is not used: redirects are never followed. Its Timeout must be zero, since it
	// would cut watches. It cannot be combined with TLS. Nil means an own client, whose idle
	// connections Close closes.
	HTTPClient *http.Client

	// AttemptTimeout bounds one attempt at one member: connecting, sending and reading the whole
	// reply; for a watch, until the reply's header. Zero means 10 s, which is longer than the 7 s
	// after which a member without quorum gives up. Negative means no bound.
	AttemptTimeout time.Duration

	// PollTimeout is how long a watch waits for an event before it asks anew. Set it below the
	// idle timeout of a proxy in between. Zero means 50 s. It cannot be negative, because a watch
	// that is never renewed cannot notice a member that has stopped.
	PollTimeout time.Duration
}

// withDefaults returns the configuration that c stands for, or an error for one that cannot work.
func (c Config) withDefaults() (Config, error) {
	if c.VersionPrefix == "" {
		c.VersionPrefix = defaultVersionPrefix
	}
	if !strings.HasPrefix(c.VersionPrefix, "/") {
		return c, invalidf("version prefix %q does not begin with a slash", c.VersionPrefix)
	}
	c.VersionPrefix = strings.TrimRight(c.VersionPrefix, "/")
	if c.AttemptTimeout == 0 {
		c.AttemptTimeout = defaultAttemptTimeout
	}
	if c.PollTimeout == 0 {
		c.PollTimeout = defaultPollTimeout
	}
	if c.PollTimeout < 0 {
		return c, invalidf("poll timeout %v is negative", c.PollTimeout)
	}
	return c, c.checkCredentials()
}

func (c Config) checkCredentials() error {
	switch {
	case c.Username == "" && c.Password != "":
		return invalidf("password without a user name")
	case strings.Contains(c.Username, ":"):
		return invalidf("user name %q has a colon, which basic auth cannot carry", c.Username)
	}
	return nil
}

// members parses the endpoints. The same endpoint named twice counts once.
func (c Config) members() ([]*member, error) {
	var members []*member
	seen := map[string]bool{}
	for _, endpoint := range c.Endpoints {
		base, err := parseEndpoint(endpoint)
		if err != nil {
			return nil, err
		}
		if !seen[base.String()] {
			seen[base.String()] = true
			members = append(members, &member{endpoint: base.String(), base: base})
		}
	}
	if len(members) == 0 {
		return nil, invalidf("no endpoints")
	}
	return members, nil
}

func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		// The parse error quotes the whole text, credentials included; it stays unsaid.
		return nil, invalidf("endpoint is not a URL")
	case u.User != nil:
		return nil, invalidf("endpoint %s holds credentials; they belong in Username and Password", u.Redacted())
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, invalidf("endpoint %q does not begin with http:// or https://", endpoint)
	case u.Hostname() == "":
		return nil, invalidf("endpoint %q has no host", endpoint)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, invalidf("endpoint %q has a query or fragment", endpoint)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}
