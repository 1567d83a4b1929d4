package legacy

import (
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// Member is a member of a Cluster.
type Member struct {
	cluster *Cluster
	name    string
	started time.Time
	clients *listening
	peers   *listening // serves nothing: a client has nothing to ask there

	believed *Member // whom it takes for the leader; guarded by the lock of the cluster
	dead     bool    // the same

	mu       sync.RWMutex // held to apply commands, and to look at what they change
	store    *store
	applied  int // commands of the log
	lag      int // commands that it may not apply yet
	requests []string
	between  func(req *http.Request) // see Between
}

// Whole makes a member apply nothing more, as an argument of SetLag.
const Whole = math.MaxInt

func newMember(t testing.TB, c *Cluster, name string) *Member {
	t.Helper()
	m := &Member{cluster: c, name: name, started: time.Now(), store: newStore()}
	m.clients, m.peers = listen(t, m), listen(t, http.NotFoundHandler())
	t.Cleanup(m.Kill)
	return m
}

// URL returns the URL at which clients reach m.
func (m *Member) URL() string { return m.clients.url }

// PeerURL returns the URL at which the other members would reach m.
func (m *Member) PeerURL() string { return m.peers.url }

// Name returns the name of m.
func (m *Member) Name() string { return m.name }

// registration is the value of the key by which the members know m.
func (m *Member) registration() string {
	return url.Values{"etcd": {m.URL()}, "raft": {m.PeerURL()}}.Encode()
}

// Kill ends m as the end of its process does: what is open breaks off, and nothing listens there any more.
func (m *Member) Kill() {
	m.cluster.mu.Lock()
	m.dead = true
	if m.cluster.leader == m {
		m.cluster.leader = nil
	}
	m.cluster.mu.Unlock()
	m.clients.close()
	m.peers.close()
}

// Restart starts m again where it was, as a follower with an empty store. It applies the log up to its lag;
// set one before, to see a member that still replays it.
func (m *Member) Restart(t testing.TB) {
	t.Helper()
	m.mu.Lock()
	m.store, m.applied, m.started = newStore(), 0, time.Now()
	m.mu.Unlock()
	m.clients.open(t)
	m.peers.open(t)
	m.cluster.mu.Lock()
	m.dead, m.believed = false, m.cluster.leader
	m.cluster.mu.Unlock()
	m.SetLag(m.behind())
}

// SetLag makes m, if it follows, stay so many commands behind the leader.
func (m *Member) SetLag(commands int) {
	m.mu.Lock()
	m.lag = commands
	m.mu.Unlock()
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	_, _ = m.catchUp(m.cluster.log)
}

// Believe makes m take another member, perhaps one of another cluster, for the leader; nil is nobody. A
// member that the others cannot reach believes in nobody, and applies nothing: see Whole.
func (m *Member) Believe(leader *Member) {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	m.believed = leader
}

func (m *Member) behind() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.lag
}

// catchUp applies what m has not applied yet of log, except its lag, and returns the result of the last
// command.
func (m *Member) catchUp(log []command) (event *v2store.Event, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil, nil
	}
	for ; m.applied < len(log)-m.lag; m.applied++ {
		event, err = m.store.apply(log[m.applied])
	}
	return event, err
}

// Between makes m call f for each read and watch, when it has taken the data or begun the watch, and has not
// yet looked at the index for the header. A write in f makes the header be ahead. Nil ends that.
func (m *Member) Between(f func(req *http.Request)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.between = f
}

func (m *Member) inBetween(req *http.Request) {
	m.mu.RLock()
	f := m.between
	m.mu.RUnlock()
	if f != nil {
		f(req)
	}
}

// Requests returns what m has been asked, such as "GET /v2/keys/a?quorum=true".
func (m *Member) Requests() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.requests)
}

func (m *Member) asked(req *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests = append(m.requests, req.Method+" "+req.URL.RequestURI())
}

// Index returns the etcd index that m has reached.
func (m *Member) Index() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.store.Index()
}

// listening is a server at an address that it keeps.
type listening struct {
	handler http.Handler
	address string
	url     string
	server  *http.Server
	done    sync.WaitGroup // its handlers and its loop

	mu     sync.Mutex
	closed bool
}

// begin reports whether a handler may run, which close then waits for.
func (l *listening) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.done.Add(1)
	}
	return !l.closed
}

func (l *listening) setClosed(closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = closed
}

// listen returns a server at an address that nobody else is given, also while it is closed.
func listen(t testing.TB, handler http.Handler) *listening {
	t.Helper()
	l := &listening{handler: handler, address: etcdtest.FreeAddr(t)}
	l.open(t)
	return l
}

func (l *listening) open(t testing.TB) {
	t.Helper()
	var listener net.Listener
	live.Eventually(t, "the address is free, which a process that is being started may hold", func() (free bool) {
		var err error
		listener, err = net.Listen("tcp", l.address)
		return err == nil
	})
	l.url = "http://" + l.address
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !l.begin() {
			panic(http.ErrAbortHandler) // the connection was accepted just before close
		}
		defer l.done.Done()
		l.handler.ServeHTTP(w, req)
	})}
	l.server = server
	l.setClosed(false)
	l.done.Go(func() { _ = server.Serve(listener) }) // ends with an error, always
}

func (l *listening) close() {
	l.setClosed(true)
	_ = l.server.Close() // of a listener, of which nothing is left then
	l.done.Wait()
}
