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

// dialer makes connections.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// swallowing returns what connects to the servers of n, but never gets an answer from the host name.
func (n *network) swallowing(name string) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == name+":80" {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return n.Dial(ctx, network, address)
	}
}

// within gives a call so much time.
func within(t *testing.T, timeout time.Duration, call func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return call(ctx)
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

// The share of a member that fails at once is divided among the others.
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

// A host that is down does not answer attempts to connect. A write may go on then.
func TestMemberThatSwallowsConnectionsCostsHalfAnAttempt(t *testing.T) {
	for _, name := range []string{"Set", "Get"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				s := net.serve(t, "b", granting(3))
				config := Config{Endpoints: []string{"http://a", "http://b"}, AttemptTimeout: 8 * time.Second}
				client := connectBy(t, config, net.swallowing("a"))
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
		net.serve(t, "b", file("set", "/k", "v", 3))
		client := connectBy(t, Config{Endpoints: []string{"http://a", "http://b"}}, net.swallowing("a"))
		start := time.Now()
		err := within(t, 4*time.Second, func(ctx context.Context) error { return every["Set"](ctx, client) })
		check(t, "error", err, error(nil))
		check(t, "time", time.Since(start), time.Second)
	})
}

// trio are three members whose servers answer with their names, but fail as long as they are down.
type trio struct {
	client   *Client
	recorder *recorder
	down     map[string]bool // changed between calls only
}

func newTrio(t *testing.T) *trio {
	t.Helper()
	var net network
	w := &trio{recorder: &recorder{}, down: map[string]bool{}}
	for _, name := range []string{"a", "b", "c"} {
		net.serve(t, name, func(rw http.ResponseWriter, r *http.Request) {
			reply := file("get", "/k", name, 3)
			if w.down[name] {
				reply = text(503, "")
			}
			reply(rw, r)
		})
	}
	endpoints := []string{"http://a", "http://b", "http://c"}
	w.client = net.connect(t, Config{Endpoints: endpoints, Observer: w.recorder})
	return w
}

// get reads while the members in down fail, and returns those tried in the first round, in order.
func (w *trio) get(t *testing.T, down ...string) []string {
	t.Helper()
	clear(w.down)
	for _, name := range down {
		w.down[name] = true
	}
	before := len(w.recorder.got())
	_, _ = w.client.Get(t.Context(), "/k") // the attempts say how it went
	var tried []string
	for _, event := range w.recorder.got()[before:] {
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

// seen lets client see index 9.
func seen(t *testing.T, client *Client) {
	t.Helper()
	if _, err := client.Get(t.Context(), "/x"); err != nil {
		t.Fatal(err)
	}
}

// A quorum read of the same member settles whether the key is there. If it fails, the others are asked.
func TestKeyThatAMemberMissesWhileItIsBehindIsReadWithQuorum(t *testing.T) {
	get := func(ctx context.Context, c *Client) (bool, error) {
		_, err := c.Get(ctx, "/k", WithRecursive())
		return err == nil, err
	}
	exists := func(ctx context.Context, c *Client) (bool, error) { return c.Exists(ctx, "/k") }
	reads := map[string]struct {
		read           func(context.Context, *Client) (bool, error)
		local, quorum  string
		missing, below http.HandlerFunc // what the member says that is behind
		notFound       error            // what is returned of a key that is not there
	}{
		"Get": {
			get, "GET /v2/keys/k?recursive=true", "GET /v2/keys/k?recursive=true&quorum=true",
			refusing(404, ErrKeyNotFound, "/k", 5), refusing(400, ErrNotDir, "/k", 5), ErrKeyNotFound,
		},
		"Exists": {
			exists, "GET /v2/keys/k", "GET /v2/keys/k?quorum=true",
			refusing(404, ErrKeyNotFound, "/k", 5), refusing(400, ErrNotDir, "/k", 5), nil,
		},
	}
	for name, r := range reads {
		for what, behind := range map[string]http.HandlerFunc{"missing": r.missing, "below a file": r.below} {
			for _, test := range []struct {
				name   string
				quorum http.HandlerFunc
				there  bool
				err    error
				second []string // requests to the other member
			}{
				{"there", granting(9), true, nil, nil},
				{"not there", refusing(404, ErrKeyNotFound, "/k", 9), false, r.notFound, nil},
				{"behind, too", refusing(404, ErrKeyNotFound, "/k", 5), true, nil, []string{r.quorum}},
				{"no quorum", refusing(500, ErrRaftInternal, "etcdserver: request timed out", 0), true, nil, []string{r.quorum}},
			} {
				t.Run(name+", "+what+", "+test.name, func(t *testing.T) {
					first, second := serve(t, file("get", "/x", "v", 9), behind, test.quorum), serve(t, granting(9))
					client := connect(t, first.url, second.url)
					seen(t, client)
					there, err := r.read(t.Context(), client)
					check(t, "there", there, test.there)
					if !errors.Is(err, test.err) {
						t.Errorf("error is %v, want %v", err, test.err)
					}
					check(t, "requests", first.got(), []string{"GET /v2/keys/x", r.local, r.quorum})
					check(t, "requests to the other", second.got(), test.second)
				})
			}
		}
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
			first := serve(t, file("get", "/x", "v", 9), refusing(404, ErrKeyNotFound, "/k", test.index))
			second := serve(t, file("get", "/k", "v", 9))
			client := connectWith(t, Config{Endpoints: []string{first.url, second.url}, ClusterID: test.clusterID})
			seen(t, client)
			_, err := client.Get(t.Context(), "/k", test.opts...)
			checkIs(t, err, ErrKeyNotFound)
			check(t, "requests to the second", len(second.got()), 0)
		})
	}
}

// What other calls learn while a request runs does not show that its answer is behind.
func TestMissingKeyIsMeasuredByWhatWasSeenBeforeTheRequest(t *testing.T) {
	first, second := serve(t, file("get", "/x", "v", 3)), serve(t, file("get", "/k", "v", 9))
	client := connect(t, first.url, second.url)
	first.replies = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		if _, err := client.Get(r.Context(), "/x"); err != nil {
			t.Error(err)
		}
		refusing(404, ErrKeyNotFound, "/k", 5)(w, r)
	}, file("get", "/x", "v", 9)}
	_, err := client.Get(t.Context(), "/k")
	checkIs(t, err, ErrKeyNotFound)
	check(t, "requests to the second", len(second.got()), 0)
}

// Whether the key is there is not known then.
func TestOnlyMemberThatIsBehindDoesNotProveThatAKeyIsMissing(t *testing.T) {
	noQuorum := refusing(500, ErrRaftInternal, "etcdserver: request timed out", 0)
	s := serve(t, file("get", "/x", "v", 9), refusing(404, ErrKeyNotFound, "/k", 5), noQuorum,
		refusing(404, ErrKeyNotFound, "/k", 5), refusing(404, ErrKeyNotFound, "/k", 5))
	client := connect(t, s.url)
	seen(t, client)
	_, err := client.Get(t.Context(), "/k")
	checkNot(t, err, ErrKeyNotFound, ErrOutcomeUnknown)
	there, err := client.Exists(t.Context(), "/k")
	checkNot(t, err, ErrKeyNotFound)
	checkIs(t, err, ErrClusterRolledBack)
	check(t, "there", there, false)
	check(t, "requests", len(s.got()), 5)
}
