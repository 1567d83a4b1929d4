// Package live lets one test run against a real server of every version.
package live

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"go.uber.org/goleak"
)

// Server is one running etcd and what a test needs to use it.
type Server struct {
	Version  string // of etcd: "3.5" or "2.3.8"
	Endpoint string
	Client   *etcd.Client
	Dir      string // a directory that no other test uses; it does not exist yet
}

// Each runs test once for each version, each time with a client and a directory of its own. The
// servers have one member and are shared by the tests of a package.
func Each(t *testing.T, test func(t *testing.T, s Server)) {
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			test(t, v.server(t))
		})
	}
}

// Latest returns a server of the newest version, for tests in which the version does not matter.
func Latest(t testing.TB) Server { return versions[0].server(t) }

// Main runs a package's tests, stops the servers and fails if a goroutine is left then.
func Main(m *testing.M) { goleak.VerifyTestMain(tests{m}) }

// tests are a package's tests and the servers they shared.
type tests struct{ m *testing.M }

func (t tests) Run() int {
	code := t.m.Run()
	for _, v := range versions {
		if v.cluster == nil {
			continue
		}
		if err := v.cluster.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// version is a version of etcd whose server is started when a test first needs it.
type version struct {
	name    string
	binary  etcdtest.Version
	start   sync.Once
	cluster *etcdtest.Cluster
	err     error
}

// The servers are processes: they cost a fifth of what a server in the test process does under the race detector.
var versions = []*version{
	{name: "3.5", binary: etcdtest.Etcd35},
	{name: "2.3.8", binary: etcdtest.Etcd23},
}

func (v *version) server(tb testing.TB) Server {
	tb.Helper()
	v.start.Do(func() {
		binary := etcdtest.WithBinary(etcdtest.Build(tb, v.binary))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		v.cluster, v.err = etcdtest.New(ctx, binary)
	})
	if v.err != nil {
		tb.Fatal(v.err)
	}
	if v.cluster == nil {
		tb.Fatalf("etcd %s could not be started for an earlier test", v.name)
	}
	endpoint := v.cluster.Endpoints()[0]
	return Server{Version: v.name, Endpoint: endpoint, Client: Client(tb, endpoint), Dir: dir(tb)}
}

// Client returns a client of the endpoints that is closed when the test ends.
func Client(tb testing.TB, endpoints ...string) *etcd.Client {
	tb.Helper()
	return Connect(tb, etcd.Config{Endpoints: endpoints})
}

// Connect returns a client that is closed when the test ends. WATCH_POLLS sets the WatchPolls of all clients.
func Connect(tb testing.TB, config etcd.Config) *etcd.Client {
	tb.Helper()
	if polls := os.Getenv("WATCH_POLLS"); polls != "" && config.WatchPolls == 0 {
		config.WatchPolls = Must[int](tb)(strconv.Atoi(polls))
	}
	client, err := etcd.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			tb.Error(err)
		}
	})
	return client
}

// dir returns the test's own directory. With -count a test runs more than once on one server.
func dir(tb testing.TB) string {
	dirs.Lock()
	defer dirs.Unlock()
	dirs.n++
	return fmt.Sprintf("/%s-%d", strings.ReplaceAll(tb.Name(), "/", "-"), dirs.n)
}

var dirs struct {
	sync.Mutex
	n int
}
