package chaos_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
	"github.com/etcdv2/client/tests/faultproxy"
)

// servers is a kind of cluster that tests run on.
type servers struct {
	name    string
	options func(testing.TB) []etcdtest.Option
}

var (
	embedded35 = servers{"3.5 embedded", func(testing.TB) []etcdtest.Option { return []etcdtest.Option{embedded.Etcd()} }}
	process35  = servers{"3.5 processes", processes(etcdtest.Etcd35)}
	process23  = servers{"2.3.8 processes", processes(etcdtest.Etcd23)}
)

func processes(version etcdtest.Version) func(testing.TB) []etcdtest.Option {
	return func(tb testing.TB) []etcdtest.Option {
		return []etcdtest.Option{etcdtest.WithBinary(etcdtest.Build(tb, version))}
	}
}

func (s servers) start(tb testing.TB, members int) *etcdtest.Cluster {
	tb.Helper()
	return etcdtest.Start(tb, append(s.options(tb), etcdtest.WithMembers(members))...)
}

// fronted is a cluster with a faulty proxy in front of every member.
type fronted struct {
	*etcdtest.Cluster
	proxies []*faultproxy.Proxy
}

func front(tb testing.TB, cluster *etcdtest.Cluster) fronted {
	tb.Helper()
	f := fronted{Cluster: cluster}
	for _, endpoint := range cluster.Endpoints() {
		f.proxies = append(f.proxies, faultproxy.New(tb, endpoint))
	}
	return f
}

// urls returns the proxies' URLs.
func (f fronted) urls() []string {
	var urls []string
	for _, proxy := range f.proxies {
		urls = append(urls, proxy.URL())
	}
	return urls
}

func (f fronted) use(plan faultproxy.Plan) {
	for _, proxy := range f.proxies {
		proxy.Use(plan)
	}
}

// writes returns how many writes the proxies have sent on to the members.
func (f fronted) writes() int {
	n := 0
	for _, proxy := range f.proxies {
		for method, count := range proxy.Forwarded() {
			if method != "GET" && method != "HEAD" {
				n += count
			}
		}
	}
	return n
}
