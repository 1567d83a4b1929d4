package cluster_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/miekg/dns"
)

// A client that knows one member learns of the others, and can do without the first from then on.
func TestSyncFindsTheOtherMembers(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	seed := cluster.Members()[0]
	seen := &attempts{}
	client := live.Connect(t, etcd.Config{Endpoints: []string{seed.URL()}, Observer: seen})
	if err := client.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := cluster.Endpoints()
	if got := client.Endpoints(); !sameMembers(got, want) {
		t.Errorf("endpoints are %q, want %q", got, want)
	}
	if told := seen.told(); len(told) != 1 || !sameMembers(told[0].(etcd.Synced).Endpoints, want) {
		t.Errorf("the observer was told %+v", told)
	}
	if err := seed.Stop(); err != nil {
		t.Fatal(err)
	}
	live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	must(t)(client.Set(t.Context(), "/a", "1"))
	if err := client.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	if got := client.Endpoints(); !slices.Contains(got, seed.URL()) {
		t.Errorf("endpoints are %q, without the configured %s", got, seed.URL())
	}
}

func sameMembers(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// A member that cannot be reached from here, or not over the scheme that was configured, is not
// taken on, and a sync that fails changes nothing.
func TestSyncTakesOnOnlyWhatAnswers(t *testing.T) {
	s := live.Latest(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, answers nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	machines := s.Endpoint + ", http://127.0.0.1:1, http://" + silent.Addr().String() + ", https" + s.Endpoint[len("http"):]
	named := naming(t, s.Endpoint, func() string { return machines })
	client := live.Connect(t, etcd.Config{Endpoints: []string{named}})
	if err := client.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{named, s.Endpoint}
	if got := client.Endpoints(); !sameMembers(got, want) {
		t.Errorf("endpoints are %q, want %q", got, want)
	}
	for _, bad := range []string{"", "<html>", "http://127.0.0.1:1, nonsense"} {
		machines = bad
		alone := live.Connect(t, etcd.Config{Endpoints: []string{named}})
		if err := alone.Sync(t.Context()); err == nil {
			t.Errorf("no error for the machines %q", bad)
		}
		if got := alone.Endpoints(); !sameMembers(got, []string{named}) {
			t.Errorf("endpoints are %q after the machines %q", got, bad)
		}
		// With others to ask, only an odd address is told.
		if err := client.Sync(t.Context()); err != nil {
			t.Errorf("machines %q, and another member: %v", bad, err)
		}
		if got := client.Endpoints(); !sameMembers(got, want) {
			t.Errorf("endpoints are %q after the machines %q", got, bad)
		}
	}
}

// In the background failures are told to the observer, and end nothing; Close does.
func TestSyncInterval(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	for _, member := range cluster.Members() {
		if err := member.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	seen := &attempts{}
	client := live.Connect(t, etcd.Config{
		Endpoints: cluster.Endpoints()[:1], SyncInterval: 20 * time.Millisecond, Observer: seen,
	})
	live.Eventually(t, "a sync has failed", func() bool {
		return slices.ContainsFunc(seen.told(), func(e etcd.Event) bool { s, ok := e.(etcd.Synced); return ok && s.Err != nil })
	})
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	live.Eventually(t, "all members are known", func() bool { return len(client.Endpoints()) == 3 })
}

func TestCallsBeginWithTheLeader(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	seen := &attempts{}
	client := live.Connect(t, etcd.Config{
		Endpoints: cluster.Endpoints(), Selection: etcd.SelectLeader, SyncInterval: 20 * time.Millisecond, Observer: seen,
	})
	follows := func(leader *etcdtest.Member) {
		t.Helper()
		live.Eventually(t, "calls go to "+leader.Name(), func() bool {
			_, err := client.Set(t.Context(), "/a", "1")
			return err == nil && seen.lastWrite().Endpoint == leader.URL()
		})
	}
	leader := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	follows(leader)
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	follows(live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context())))
}

// Every cluster announces itself under one of several names; the newest that has records counts.
func TestDiscovery(t *testing.T) {
	s := live.Latest(t)
	_, port, err := net.SplitHostPort(s.Endpoint[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range map[string]string{
		"_etcd-client._tcp.example.com.": "", "_etcd._tcp.example.com.": "", "_etcd-client-blue._tcp.example.com.": "blue",
	} {
		discovery := etcd.Discovery{Domain: "example.com", Service: service, Resolver: nameServer(t, name+" 60 IN SRV 0 0 "+port+" localhost.")}
		client := live.Connect(t, etcd.Config{Discovery: discovery})
		must(t)(client.Set(t.Context(), s.Dir, name))
		if got := client.Endpoints(); !slices.Equal(got, []string{"http://localhost:" + port}) {
			t.Errorf("%s: endpoints are %q", name, got)
		}
	}
	secure := etcd.Discovery{Domain: "example.com", Resolver: nameServer(t,
		"_etcd-client-ssl._tcp.example.com. 60 IN SRV 1 0 2379 b.example.com.",
		"_etcd-client-ssl._tcp.example.com. 60 IN SRV 0 0 2379 a.example.com.",
		"_etcd-client._tcp.example.com. 60 IN SRV 0 0 2379 plain.example.com.")}
	got, err := secure.Endpoints(t.Context())
	if want := []string{"https://a.example.com:2379", "https://b.example.com:2379"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("endpoints are %q, %v, want %q", got, err, want)
	}
	client := live.Connect(t, etcd.Config{Discovery: etcd.Discovery{Domain: "example.com", Resolver: nameServer(t)}})
	var notFound *net.DNSError
	if _, err := client.Get(t.Context(), "/a"); !errors.As(err, &notFound) {
		t.Errorf("without records: %v", err)
	}
}

// nameServer starts a DNS server on the loopback interface and returns a resolver that asks it.
func nameServer(t *testing.T, records ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		reply := new(dns.Msg).SetReply(question)
		for _, text := range records {
			record, err := dns.NewRR(text)
			if err != nil {
				t.Error(err)
				return
			}
			if record.Header().Name == question.Question[0].Name {
				reply.Answer = append(reply.Answer, record)
			}
		}
		if len(reply.Answer) == 0 {
			reply.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(reply) // who asked gives up by itself
	})}
	served := make(chan error)
	go func() { served <- server.ActivateAndServe() }()
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-served); err != nil {
			t.Error(err)
		}
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}
