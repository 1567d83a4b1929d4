package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// inCluster runs a test with members that have begun, and without a nemesis.
func inCluster(t *testing.T, options Options, test func(*lab)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		chance := newChance(1, t.Name())
		w := &World{T: t, chance: chance, Options: options.withDefaults(chance), net: newNetwork(chance)}
		w.Cluster = newCluster(w.Options, chance, w.net, &w.faults)
		w.ctx, w.cancel = context.WithCancel(t.Context())
		transport := &http.Transport{DialContext: w.net.dialer("lab")}
		time.Sleep(5 * time.Second) // until all serve
		test(&lab{w, transport})
		transport.CloseIdleConnections()
		w.end()
	})
}

type lab struct {
	*World
	transport *http.Transport
}

// answer is a reply, or an error.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
	took   time.Duration
}

// ask sends a request such as "PUT /v2/keys/a?value=1" to a member.
func (l *lab) ask(m *Member, request string) answer {
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequestWithContext(l.ctx, method, m.URL()+path, nil)
	if err != nil {
		l.Fatal(err)
	}
	began := time.Now()
	resp, err := l.transport.RoundTrip(r)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), err, time.Since(began)}
}

// value returns the value in a reply.
func (a answer) value() string {
	var event struct{ Node struct{ Value string } }
	_ = json.Unmarshal([]byte(a.body), &event)
	return event.Node.Value
}

// leader and follower return members that are so now.
func (l *lab) leader() *Member { return l.Cluster.Lead() }

func (l *lab) follower() *Member {
	for _, m := range l.Cluster.Peers() {
		if m != l.leader() {
			return m
		}
	}
	return nil
}

// make makes a fault of a member, and returns what ends it.
func (l *lab) make(fault Fault, m *Member) (heal func()) {
	l.Cluster.mu.Lock()
	defer l.Cluster.mu.Unlock()
	end := memberFaults[fault](m)
	if end == nil {
		l.Fatalf("%s cannot be", fault)
	}
	return func() {
		l.Cluster.mu.Lock()
		defer l.Cluster.mu.Unlock()
		end()
	}
}

func TestAnswersAreThoseOfEtcd(t *testing.T) {
	inCluster(t, Options{Members: 3}, func(l *lab) {
		m := l.follower()
		for request, want := range map[string]string{
			"PUT /v2/keys/a?value=1":        `201 {"action":"set","node":{"key":"/a","value":"1","modifiedIndex":7,"createdIndex":7}}`,
			"GET /v2/keys/none?quorum=true": `404 {"errorCode":100,"message":"Key not found","cause":"/none","index":`,
			"GET /v2/machines":              "200 http://m1:2379, http://m2:2379, http://m3:2379",
			"GET /v2/leader":                "404 404 page not found",
			"GET /v2/members/leader":        `200 {"id":"` + l.leader().id.String() + `","name":"` + l.leader().name,
			"GET /v2/stats/leader":          `403 {"message":"not current leader"}`,
			"GET /v2/stats/self":            `200 {"name":"` + m.name,
			"GET /version":                  `200 {"etcdserver":"3.5.`,
			"GET /health":                   `200 {"health":"true"`,
		} {
			a := l.ask(m, request)
			if got := fmt.Sprint(a.status, " ", a.body); !strings.HasPrefix(got, want) {
				l.Errorf("%s: %v %s, and not %s", request, a.err, got, want)
			}
		}
		a := l.ask(m, "GET /v2/keys/a")
		for name, want := range map[string]string{"X-Etcd-Cluster-Id": "7e27652122e8b2ae", "X-Etcd-Index": "7", "X-Raft-Term": "3"} {
			if got := a.header.Get(name); got != want {
				l.Errorf("%s is %s, and not %s", name, got, want)
			}
		}
	})
}

func TestFollowerThatLagsIsBehind(t *testing.T) {
	inCluster(t, Options{Members: 3}, func(l *lab) {
		l.ask(l.leader(), "PUT /v2/keys/a?value=1")
		time.Sleep(time.Second)
		m := l.follower()
		m.process.lag = 5 * time.Second
		l.ask(l.leader(), "PUT /v2/keys/a?value=2")
		if a := l.ask(m, "GET /v2/keys/a"); a.value() != "1" {
			l.Errorf("it reads %v", a)
		}
		if a := l.ask(m, "GET /v2/keys/a?quorum=true"); a.value() != "2" || a.took < 4*time.Second {
			l.Errorf("with quorum it reads %v", a)
		}
	})
}

func TestSnapshotOvertakesWatches(t *testing.T) {
	inCluster(t, Options{Members: 3, SnapshotEntries: 50, CatchUpEntries: 10}, func(l *lab) {
		l.ask(l.leader(), "PUT /v2/keys/a?value=1")
		m := l.follower()
		watched := make(chan answer, 1)
		go func() { watched <- l.ask(m, "GET /v2/keys/a?wait=true") }()
		time.Sleep(time.Second)
		heal := l.make(Isolate, m)
		time.Sleep(5 * time.Second)
		l.ask(l.leader(), "PUT /v2/keys/a?value=2")
		for i := range 100 {
			l.ask(l.leader(), fmt.Sprint("PUT /v2/keys/b?value=", i))
		}
		heal()
		time.Sleep(5 * time.Second)
		if a := l.ask(m, "GET /v2/keys/a"); a.value() != "2" || l.Cluster.snapshots != 1 {
			l.Errorf("after %d snapshots it reads %v", l.Cluster.snapshots, a)
		}
		select {
		case a := <-watched:
			l.Errorf("the watch sees %v", a)
		default:
		}
		l.ask(l.leader(), "PUT /v2/keys/a?value=3")
		if a := <-watched; a.value() != "3" {
			l.Errorf("the watch sees %v", a)
		}
	})
}

func TestLostQuorum(t *testing.T) {
	inCluster(t, Options{Members: 3}, func(l *lab) {
		leader := l.leader()
		heal := clusterFaults[Quorum](l.Cluster) // nobody else is here
		if a := l.ask(leader, "PUT /v2/keys/a?value=1"); a.status != 500 || !strings.Contains(a.body, `"errorCode":300`) ||
			!strings.Contains(a.body, "etcdserver: request timed out") || a.took < requestTimeout {
			l.Errorf("the write: %v", a)
		}
		if a := l.ask(leader, "GET /v2/members/leader"); a.status != 503 {
			l.Errorf("the leader is %v", a)
		}
		if a := l.ask(leader, "GET /v2/keys/a"); a.status != 404 {
			l.Errorf("the read: %v", a)
		}
		l.Cluster.mu.Lock()
		heal()
		l.Cluster.mu.Unlock()
		time.Sleep(5 * time.Second)
		if a := l.ask(leader, "PUT /v2/keys/b?value=1"); a.status != 201 {
			l.Errorf("the write after that: %v", a)
		}
	})
}

// What a leader that stops has not told the others is dropped, and what they have is kept. Both time out.
func TestRequestsAtAChangeOfLeaders(t *testing.T) {
	inCluster(t, Options{Members: 3}, func(l *lab) {
		kept, dropped := 0, 0
		for i := range 60 {
			leader, answers := l.leader(), make(chan answer, 1)
			go func() { answers <- l.ask(leader, fmt.Sprint("PUT /v2/keys/k", i, "?value=1")) }()
			time.Sleep(l.Chance("").Between(0, 12*time.Millisecond))
			heal := l.make(Isolate, leader)
			if a := <-answers; a.status == 201 {
				heal()
				time.Sleep(5 * time.Second)
				continue
			}
			heal()
			time.Sleep(5 * time.Second)
			if a := l.ask(leader, fmt.Sprint("GET /v2/keys/k", i, "?quorum=true")); a.status == 200 {
				kept++
			} else {
				dropped++
			}
		}
		if kept == 0 || dropped == 0 {
			l.Errorf("%d were applied and %d dropped", kept, dropped)
		}
	})
}

func TestDataOutlivesProcesses(t *testing.T) {
	inCluster(t, Options{Members: 3, SnapshotEntries: 50, CatchUpEntries: 10}, func(l *lab) {
		for i := range 99 {
			l.ask(l.leader(), fmt.Sprint("PUT /v2/keys/a?value=", i))
		}
		for _, fault := range []Fault{Restart, Wipe} {
			m := l.follower()
			heal := l.make(fault, m)
			if a := l.ask(m, "GET /v2/keys/a"); a.err == nil {
				l.Errorf("a member that has ended answers %v", a)
			}
			heal()
			if a := l.ask(m, "GET /v2/keys/a"); a.value() != "98" {
				l.Errorf("after %s it reads %v", fault, a)
			}
		}
	})
}

func TestTTLsGoByTheClockOfTheMember(t *testing.T) {
	inCluster(t, Options{Members: 3}, func(l *lab) {
		m := l.follower()
		m.clock = clock{most: 3 * time.Second, period: time.Hour, jumps: true}
		ahead := m.clock.ahead()
		began := time.Now()
		l.ask(m, "PUT /v2/keys/a?value=1&ttl=10")
		l.ask(l.leader(), "GET /v2/keys/a?wait=true")
		lived := time.Since(began)
		if want := 10*time.Second + ahead; ahead == 0 || lived < want || lived > want+time.Second {
			l.Errorf("a key whose clock is ahead by %v lived for %v", ahead, lived)
		}
	})
}

func TestRestore(t *testing.T) {
	inCluster(t, Options{Members: 3, Faults: Faults{Restore: 1}}, func(l *lab) {
		l.ask(l.leader(), "PUT /v2/keys/a?value=1")
		time.Sleep(2 * backupInterval)
		l.ask(l.leader(), "PUT /v2/keys/a?value=2")
		l.Cluster.mu.Lock()
		l.Cluster.restore()()
		l.Cluster.mu.Unlock()
		time.Sleep(5 * time.Second)
		a := l.ask(l.leader(), "GET /v2/keys/a?quorum=true")
		if a.value() != "1" && a.status != 404 {
			l.Errorf("it reads %v", a)
		}
		if n := len(l.Cluster.Records()); n != 2 {
			l.Errorf("there are %d records", n)
		}
	})
}
