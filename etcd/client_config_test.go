package etcd

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"
)

const secret = "s3cret" // no error may show it

func TestNewRefusesWhatCannotWork(t *testing.T) {
	with := func(change func(*Config)) Config {
		config := Config{Endpoints: []string{"http://a:2379"}}
		change(&config)
		return config
	}
	at := func(endpoints ...string) Config { return Config{Endpoints: endpoints} }
	tests := []struct {
		name   string
		config Config
	}{
		{"nothing", Config{}},
		{"no scheme", at("10.0.0.1:2379")},
		{"no scheme, a name", at("localhost:2379")},
		{"other scheme", at("ftp://a:2379")},
		{"unix socket", at("unix:///run/etcd")},
		{"empty", at("")},
		{"no host", at("http://")},
		{"no host but a port", at("http://:2379")},
		{"no slashes", at("http:a:2379")},
		{"no URL", at("http://a b/%zz")},
		{"bad port", at("http://a:port")},
		{"empty port", at("http://a:")},
		{"port that is too large", at("http://a:99999")},
		{"path of the API", at("http://a:2379/v2/keys")},
		{"path of the API behind a gateway", at("http://a/etcd/v2/")},
		{"path of the API with another prefix", with(func(c *Config) {
			c.Endpoints, c.VersionPrefix = []string{"http://a/etcd"}, "/etcd"
		})},
		{"dots in the path", at("http://a/../b")},
		{"empty part of a host's name", at("http://a..b:2379")},
		{"space in the path", at("http://a/b c")},
		{"line break", at("http://a:2379\n")},
		{"several in one", at("http://a,http://b")},
		{"query", at("http://a?b=c")},
		{"fragment", at("http://a/#b")},
		{"second is bad", at("http://a:2379", "b")},
		{"credentials in the endpoint", at("http://root:" + secret + "@a:2379")},
		{"credentials in what is no URL", at("http://root:" + secret + "@a:port")},
		{"relative version prefix", with(func(c *Config) { c.VersionPrefix = "v2" })},
		{"negative poll timeout", with(func(c *Config) { c.PollTimeout = -1 })},
		{"poll timeout too short", with(func(c *Config) { c.PollTimeout = 2*time.Second - 1 })},
		{"pulse interval too short", with(func(c *Config) { c.PulseInterval = 100*time.Millisecond - 1 })},
		{"negative sync interval", with(func(c *Config) { c.SyncInterval = -1 })},
		{"cluster ID that is no number", with(func(c *Config) { c.ClusterID = "0x7e" })},
		{"no such selection", with(func(c *Config) { c.Selection, c.SyncInterval = 2, time.Minute })},
		{"negative selection", with(func(c *Config) { c.Selection, c.SyncInterval = -1, time.Minute })},
		{"leader without a sync interval", with(func(c *Config) { c.Selection = SelectLeader })},
		{"discovery without a domain", Config{Discovery: Discovery{Service: "x"}}},
		{"bad endpoint beside discovery", Config{Discovery: Discovery{Domain: "example.test"}, Endpoints: []string{"a:2379"}}},
		{"TLS beside HTTPClient with discovery", Config{
			Discovery: Discovery{Domain: "example.test"}, TLS: &tls.Config{}, HTTPClient: &http.Client{},
		}},
		{"password without a user", with(func(c *Config) { c.Password = secret })},
		{"user name with a colon", with(func(c *Config) { c.Username, c.Password = "a:b", secret })},
		{"TLS without https", with(func(c *Config) { c.TLS = &tls.Config{} })},
		{"TLS beside HTTPClient", with(func(c *Config) {
			c.Endpoints = []string{"https://a:2379"}
			c.TLS, c.HTTPClient = &tls.Config{}, &http.Client{}
		})},
		{"HTTPClient with a timeout", with(func(c *Config) { c.HTTPClient = &http.Client{Timeout: time.Minute} })},
		{"HTTPClient with a negative timeout", with(func(c *Config) { c.HTTPClient = &http.Client{Timeout: -1} })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.config)
			if err == nil {
				t.Fatal("accepted")
			}
			checkIs(t, err, ErrInvalidArgument)
			if text := err.Error(); strings.Contains(text, secret) || !strings.HasPrefix(text, "etcd: ") {
				t.Errorf("error is %q", text)
			}
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	got, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	check(t, "defaults", got, Config{
		VersionPrefix: "/v2", UserAgent: defaultUserAgent(), AttemptTimeout: 10 * time.Second, PollTimeout: 50 * time.Second, PulseInterval: time.Second,
		WatchPolls: 16, MaxInFlight: 256,
	})
}

func TestConfigKeepsWhatIsSet(t *testing.T) {
	set := Config{
		VersionPrefix: "/etcd/v2", Username: "root", Password: secret, AttemptTimeout: -1, PollTimeout: 2 * time.Second,
		PulseInterval: -1, Endpoints: []string{"http://a"}, HTTPClient: &http.Client{}, TLS: &tls.Config{ServerName: "a"},
		Discovery: Discovery{Domain: "example.test", Service: "x"}, Selection: SelectLeader, SyncInterval: time.Minute,
		ClusterID: "7e27652122e8b2ae", RefuseRedirects: true, WatchPolls: 3, MaxInFlight: -1, Observer: &recorder{}, UserAgent: "billing/1.2",
	}
	got, err := set.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	check(t, "configuration", got, set)
}

func TestPulseIntervalMayBeShortOrNone(t *testing.T) {
	for _, interval := range []time.Duration{100 * time.Millisecond, time.Hour, -1, -time.Hour} {
		got, err := Config{PulseInterval: interval}.withDefaults()
		check(t, "error", err, error(nil))
		check(t, "interval", got.PulseInterval, interval)
	}
}

func TestVersionPrefixLosesItsLastSlash(t *testing.T) {
	for prefix, want := range map[string]string{"/": "", "/v2/": "/v2", "/a/b": "/a/b"} {
		got, err := Config{VersionPrefix: prefix}.withDefaults()
		if err != nil || got.VersionPrefix != want {
			t.Errorf("prefix %q is used as %q (%v), want %q", prefix, got.VersionPrefix, err, want)
		}
	}
}

func TestUserNameWithoutPasswordIsAccepted(t *testing.T) {
	if _, err := (Config{Username: "guest"}).withDefaults(); err != nil {
		t.Error(err)
	}
}

func TestEndpointsKeepTheirOrderAndCountOnce(t *testing.T) {
	client := connect(t, "http://b:2379/", "https://a/etcd/", "http://b:2379", "http://[::1]:2379", "HTTP://c",
		"http://[FE80::1%25Ethernet0]:2379", "http://d/one%2Ftwo")
	check(t, "endpoints", client.Endpoints(), []string{
		"http://b:2379", "https://a/etcd", "http://[::1]:2379", "http://c",
		"http://[fe80::1%25Ethernet0]:2379", "http://d/one%2Ftwo",
	})
}

// Not even one that stands where no password belongs.
func TestErrorsShowNoPassword(t *testing.T) {
	for _, c := range []Config{
		{Endpoints: []string{"root:s3cret@a:2379"}},
		{Endpoints: []string{"http:/root:s3cret@a:2379"}},
		{Endpoints: []string{"http://root:12?s3cret@a"}},
		{Endpoints: []string{"http://root:12#s3cret@a"}},
		{Endpoints: []string{"http://a"}, Username: "root:s3cret"},
	} {
		if _, err := New(c); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}
