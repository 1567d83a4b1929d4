package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/tests/internal/etcd34"
	"github.com/etcdv2/client/tests/validator"
)

// A peer is a client that others have made. It says why it cannot be had, or gets something done against an endpoint.
type peer struct {
	name string
	find func(t *testing.T) (path, why string)
	work func(t *testing.T, path, endpoint string)
}

var peers = []peer{
	{name: "go.etcd.io/etcd/client/v2", work: workClientV2},
	{name: "python-etcd 0.4.5", find: findPythonEtcd, work: workPythonEtcd},
	{name: "etcdctl 3.4", find: etcd34.Etcdctl.Find, work: workEtcdctl},
}

// What servers answer to other clients is in the description, too. Where these ask otherwise than it says, that is their
// affair, and printed.
func TestPeers(t *testing.T) {
	for _, p := range peers {
		t.Run(strings.ReplaceAll(p.name, "/", "\\"), func(t *testing.T) {
			t.Parallel()
			path := ""
			if p.find != nil {
				if !thorough {
					t.Skip("make contract runs it")
				}
				var why string
				if path, why = p.find(t); why != "" {
					fmt.Printf("contract: %s is left out: %s\n", p.name, why)
					t.Skip(why)
				}
			}
			heard := &ear{request: map[string]int{}}
			var names []string
			for _, r := range releases(t) {
				if r.version.in("<2.1") {
					continue // they manage users, too
				}
				names = append(names, r.name)
				t.Run(r.name, func(t *testing.T) { p.passThrough(t, r, path, heard) })
			}
			heard.report(t, p.name+" on etcd "+strings.Join(names, ", "))
		})
	}
}

// passThrough lets a peer work through a validating proxy on a server of its own.
func (p peer) passThrough(t *testing.T, r *release, path string, heard *ear) {
	on := alone(t, r)
	waitForAuth(t, on)
	proxy, err := (&validator.Transport{Spec: spec, Report: heard.hear, Record: heard.count}).Listen(on.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p.work(t, path, proxy.URL())
	if err := proxy.Close(); err != nil {
		t.Error(err)
	}
}

// An ear takes note of what a proxy finds.
type ear struct {
	mu        sync.Mutex
	exchanges int
	request   map[string]int // what was found, and how often
	response  []validator.Finding
}

func (e *ear) count(*validator.Exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.exchanges++
}

func (e *ear) hear(f validator.Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.Side == validator.Response {
		e.response = append(e.response, f)
		return
	}
	what := f.Operation
	if what == "" {
		what = f.Method + " " + f.Path
	}
	e.request[what+": "+f.Text]++
}

func (e *ear) report(t *testing.T, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Printf("contract: %s: %d exchanges, %d findings on answers\n", name, e.exchanges, len(e.response))
	for _, text := range slices.Sorted(maps.Keys(e.request)) {
		fmt.Printf("contract:   asked otherwise than described, %d x: %s\n", e.request[text], text)
	}
	for _, f := range e.response {
		t.Errorf("finding: %v", f)
	}
	if e.exchanges == 0 {
		t.Error("nothing passed the proxy")
	}
}

// waitForAuth waits until the server knows users: etcd 2 does not in its first moments.
func waitForAuth(t *testing.T, on *server) {
	r := &run{server: on, dir: on.dir, http: on.http}
	r.runCase(t, testCase{request: "GET /v2/auth/users", until: true}, answer{status: 200})
}
