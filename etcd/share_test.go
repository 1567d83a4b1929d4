package etcd

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// swallow puts a host on the network that never answers an attempt to connect.
func (n *network) swallow(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.members == nil {
		n.members = map[string]*pipeListener{}
	}
	n.members[name+":80"] = &pipeListener{conns: make(chan net.Conn)}
}

// within gives a call so much time.
func within(t *testing.T, timeout time.Duration, call func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return call(ctx)
}

func TestShareOfTheCallersTime(t *testing.T) {
	const none, most = 0, 10 * time.Second
	tests := []struct {
		name     string
		deadline time.Duration // from now; none for no deadline
		toTry    int
		most     time.Duration
		want     time.Duration
	}{
		{"no deadline", none, 3, most, most},
		{"no deadline, no bound", none, 3, -1, none},
		{"even part", 9 * time.Second, 3, most, 3 * time.Second},
		{"even part of two", 9 * time.Second, 2, most, 4500 * time.Millisecond},
		{"even part, no bound", 90 * time.Second, 3, -1, 30 * time.Second},
		{"bound is less than the part", time.Minute, 3, most, most},
		{"bound is the part", 30 * time.Second, 3, most, most},
		{"last member: the deadline itself ends it", 9 * time.Second, 1, most, most},
		{"last member, no bound", 9 * time.Second, 1, -1, none},
		{"deadline is over", -time.Second, 3, most, 1},
		{"deadline is over, no bound", -time.Second, 3, -1, 1}, // 0 would be for ever
		{"less than a nanosecond each", 2, 3, most, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.deadline != none {
					var cancel context.CancelFunc
					ctx, cancel = context.WithDeadline(ctx, time.Now().Add(test.deadline))
					defer cancel()
				}
				check(t, "share", share(ctx, test.toTry, test.most), test.want)
			})
		})
	}
}

func TestMembersThatHangGetTheirPartOfTheCallersTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", hang)
		net.serve(t, "b", hang)
		net.serve(t, "c", file("get", "/k", "v", 3))
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b", "http://c"}})
		start := time.Now()
		err := within(t, 3*time.Second, func(ctx context.Context) error {
			_, err := client.Get(ctx, "/k")
			return err
		})
		check(t, "error", err, error(nil))
		check(t, "time", time.Since(start), 1500*time.Millisecond) // a fourth part is kept
	})
}

// The part of a member that fails at once is divided among the others.
func TestTimeThatAMemberDoesNotUseGoesToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "b", hang)
		net.serve(t, "c", file("get", "/k", "v", 3))
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b", "http://c"}})
		start := time.Now()
		err := within(t, 3*time.Second, func(ctx context.Context) error {
			_, err := client.Get(ctx, "/k")
			return err
		})
		check(t, "error", err, error(nil))
		check(t, "time", time.Since(start), time.Second)
	})
}

// A host that is down takes connection attempts in silence. A write may go on then.
func TestMemberThatSwallowsConnectionsCostsHalfAnAttempt(t *testing.T) {
	for _, name := range []string{"Set", "Get"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				net.swallow("a")
				s := net.serve(t, "b", file("set", "/k", "v", 3))
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}, AttemptTimeout: 8 * time.Second})
				start := time.Now()
				check(t, "error", every[name](t.Context(), client), error(nil))
				check(t, "time", time.Since(start), 4*time.Second)
				check(t, "requests", len(s.got()), 1)
			})
		})
	}
}

func TestMemberThatSwallowsConnectionsCostsHalfItsPartOfTheCallersTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.swallow("a")
		net.serve(t, "b", file("set", "/k", "v", 3))
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
		start := time.Now()
		err := within(t, 4*time.Second, func(ctx context.Context) error { return every["Set"](ctx, client) })
		check(t, "error", err, error(nil))
		check(t, "time", time.Since(start), time.Second)
	})
}

// trio are three members whose servers answer with their names, but fail as long as they are down.
type trio struct {
	client *Client
	down   map[string]bool // changed between calls only
}

func newTrio(t *testing.T) *trio {
	t.Helper()
	var net network
	w := &trio{down: map[string]bool{}}
	for _, name := range []string{"a", "b", "c"} {
		net.serve(t, name, func(rw http.ResponseWriter, r *http.Request) {
			reply := file("get", "/k", name, 3)
			if w.down[name] {
				reply = text(503, "")
			}
			reply(rw, r)
		})
	}
	w.client = net.connect(t, Config{Endpoints: []string{"http://a", "http://b", "http://c"}})
	return w
}

// get reads while the members in down fail, and returns who was tried in the first round, in order.
func (w *trio) get(t *testing.T, down ...string) []string {
	t.Helper()
	clear(w.down)
	for _, name := range down {
		w.down[name] = true
	}
	recorder := &recorder{}
	w.client.cluster.observer = recorder
	_, _ = w.client.Get(t.Context(), "/k") // the attempts say how it went
	var tried []string
	for _, event := range recorder.got() {
		started, ok := event.(AttemptStarted)
		if !ok {
			continue
		}
		name := strings.TrimPrefix(started.Endpoint, "http://")
		if slices.Contains(tried, name) {
			break // the next round
		}
		tried = append(tried, name)
	}
	return tried
}

func TestMemberSetAsideIsPassedOverUntilItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTrio(t)
		check(t, "a fails", w.get(t, "a"), []string{"a", "b"})
		check(t, "b fails, a is aside", w.get(t, "a", "b"), []string{"b", "c"})
		check(t, "a and b are aside", w.get(t), []string{"c"})
		check(t, "c fails, all are aside", w.get(t, "c", "a"), []string{"c", "a", "b"})
		<-time.After(2 * time.Second)
		check(t, "b answered last", w.get(t), []string{"b"})
		check(t, "the time of all is up", w.get(t, "b"), []string{"b", "a"})
	})
}

func TestMembersAreTriedEvenWhereAllAreAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTrio(t)
		check(t, "all fail", w.get(t, "a", "b", "c"), []string{"a", "b", "c"})
		check(t, "all are aside, and well", w.get(t), []string{"a"})
	})
}

func TestCallersOwnEndDoesNotSetAMemberAside(t *testing.T) {
	for name, end := range map[string]func(*Client, context.CancelCauseFunc){
		"cancel":            func(_ *Client, cancel context.CancelCauseFunc) { cancel(nil) },
		"cancel with cause": func(_ *Client, cancel context.CancelCauseFunc) { cancel(errors.New("enough")) },
		"close":             func(client *Client, _ context.CancelCauseFunc) { client.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				net.serve(t, "a", hang)
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(time.Second, func() { end(client, cancel) })
				if _, err := client.Get(ctx, "/k"); err == nil {
					t.Error("no error")
				}
				check(t, "aside", client.cluster.roster.all()[0].health.aside(), false)
			})
		})
	}
}

// behindServers are a member that was at index 9 and, restarted, is at 5 as it replays its log, and
// one that is up to date.
func behindServers(t *testing.T) (behind, current *server) {
	t.Helper()
	return serve(t, file("get", "/x", "v", 9), refusal(404, ErrKeyNotFound, "/k", 5)), serve(t, file("get", "/k", "v", 9))
}

// seen lets client see index 9.
func seen(t *testing.T, client *Client) {
	t.Helper()
	if _, err := client.Get(t.Context(), "/x"); err != nil {
		t.Fatal(err)
	}
}

func TestReadMovesOnFromAMemberThatIsBehindAndMissesTheKey(t *testing.T) {
	for name, read := range map[string]func(context.Context, *Client) (bool, error){
		"Get": func(ctx context.Context, c *Client) (bool, error) {
			_, err := c.Get(ctx, "/k")
			return err == nil, err
		},
		"Exists": func(ctx context.Context, c *Client) (bool, error) { return c.Exists(ctx, "/k") },
	} {
		t.Run(name, func(t *testing.T) {
			behind, current := behindServers(t)
			client := connect(t, behind.url, current.url)
			seen(t, client)
			there, err := read(t.Context(), client)
			check(t, "there, error", []any{there, err}, []any{true, nil})
			check(t, "requests", []int{len(behind.got()), len(current.got())}, []int{2, 1})
		})
	}
}

func TestMissingKeyIsBelieved(t *testing.T) {
	tests := []struct {
		name      string
		clusterID string
		index     int
		opts      []GetOption
	}{
		{"as far as was seen", "", 9, nil},
		{"further than was seen", "", 12, nil},
		{"of a quorum read, which no member answers alone", "", 5, []GetOption{WithQuorum()}},
		{"where any cluster may answer, so that indexes do not compare", AnyCluster, 5, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			first := serve(t, file("get", "/x", "v", 9), refusal(404, ErrKeyNotFound, "/k", test.index))
			second := serve(t, file("get", "/k", "v", 9))
			client := connectWith(t, Config{Endpoints: []string{first.url, second.url}, ClusterID: test.clusterID})
			seen(t, client)
			_, err := client.Get(t.Context(), "/k", test.opts...)
			checkIs(t, err, ErrKeyNotFound)
			check(t, "requests to the second", len(second.got()), 0)
		})
	}
}

// What others learn while a request runs says nothing of when it was answered.
func TestMissingKeyIsMeasuredByWhatWasSeenBeforeTheRequest(t *testing.T) {
	first, second := serve(t, file("get", "/x", "v", 3)), serve(t, file("get", "/k", "v", 9))
	client := connect(t, first.url, second.url)
	first.replies = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		client.cluster.identity.saw(9)
		refusal(404, ErrKeyNotFound, "/k", 5)(w, r)
	}}
	_, err := client.Get(t.Context(), "/k")
	checkIs(t, err, ErrKeyNotFound)
	check(t, "requests to the second", len(second.got()), 0)
}

// Nobody can say then whether the key is there.
func TestOnlyMemberThatIsBehindDoesNotProveThatAKeyIsMissing(t *testing.T) {
	s, _ := behindServers(t)
	client := connect(t, s.url)
	seen(t, client)
	_, err := client.Get(t.Context(), "/k")
	checkNot(t, err, ErrKeyNotFound, ErrOutcomeUnknown)
	there, err := client.Exists(t.Context(), "/k")
	checkNot(t, err, ErrKeyNotFound)
	check(t, "there", there, false)
}
