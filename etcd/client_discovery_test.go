package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// brokenDNS is a resolver that reaches no name server, and counts how often it tried.
func brokenDNS() (*net.Resolver, *atomic.Int64) {
	var asked atomic.Int64
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		asked.Add(1)
		return nil, errors.New("no name server here")
	}}, &asked
}

func TestWithoutADomainNothingIsLookedUp(t *testing.T) {
	resolver, asked := brokenDNS()
	client := connectWith(t, Config{Endpoints: []string{"http://a"}, Discovery: Discovery{Service: "x", Resolver: resolver}})
	check(t, "error", client.cluster.Discover(t.Context()), error(nil))
	check(t, "lookups", asked.Load(), int64(0))
	check(t, "endpoints", client.Endpoints(), []string{"http://a"})
}

func TestDiscoveryNeedsNoEndpoints(t *testing.T) {
	resolver, asked := brokenDNS()
	for name, config := range map[string]Config{
		"plain": {},
		// Whether there will be an https:// among them only the DNS knows.
		"TLS": {TLS: &tls.Config{}},
	} {
		config.Discovery = Discovery{Domain: "example.test", Resolver: resolver}
		client, err := New(config)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		check(t, name+": endpoints", client.Endpoints(), []string{})
		client.Close()
	}
	check(t, "lookups", asked.Load(), int64(0))
}

func TestFailedLookupIsTheCallsErrorAndIsMadeAgainByTheNext(t *testing.T) {
	resolver, asked := brokenDNS()
	client := connectWith(t, Config{Discovery: Discovery{Domain: "example.test", Resolver: resolver}})
	for name, do := range every {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "Watch") {
				return // goes on until the name server is back
			}
			before := asked.Load()
			err := do(t.Context(), client)
			var dns *net.DNSError
			if !errors.As(err, &dns) || !strings.HasPrefix(err.Error(), "etcd: discovery: look up SRV records of etcd in example.test: ") {
				t.Errorf("error is %v", err)
			}
			checkNot(t, err, ErrOutcomeUnknown) // nothing can have been sent
			checkAttempts(t, err, 0)
			if asked.Load() == before {
				t.Error("the name server was not asked again")
			}
		})
	}
}

func TestFailedLookupIsSyncsErrorAndChangesNothing(t *testing.T) {
	resolver, _ := brokenDNS()
	s := serve(t, text(200, "http://b:2379"))
	client := connectWith(t, Config{Endpoints: []string{s.url}, Discovery: Discovery{Domain: "example.test", Resolver: resolver}})
	var dns *net.DNSError
	if err := client.Sync(t.Context()); !errors.As(err, &dns) {
		t.Errorf("error is %v", err)
	}
	check(t, "endpoints", client.Endpoints(), []string{s.url})
}

func TestLookupEndsWithTheCallersContext(t *testing.T) {
	client := connectWith(t, Config{Discovery: Discovery{Domain: "example.test", Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := client.Get(ctx, "/k")
		ended <- err
	}()
	cancel()
	checkNot(t, <-ended, ErrOutcomeUnknown)
}
