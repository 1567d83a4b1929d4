package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }

// Passwords are long enough that they stand in no text by chance.
const (
	rootPassword  = "root-s3cret-1"
	alicePassword = "alice-s3cret-1"
	bobPassword   = "bob-s3cret-1"
)

// scene is a cluster of one, on which authentication is off and nobody is known.
type scene struct {
	endpoint string
	root     *etcd.Client // with root's credentials
	guest    *etcd.Client // without any
	heard    *ear
}

// eachVersion runs test on a cluster of its own of each version, and checks that no password was said
// aloud. They are processes: in one that looks for races, comparing a password takes seconds.
func eachVersion(t *testing.T, test func(t *testing.T, s *scene)) {
	onVersions(t, []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23}, test)
}

func onVersions(t *testing.T, versions []etcdtest.Version, test func(t *testing.T, s *scene)) {
	for _, version := range versions {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version)))
			s := &scene{endpoint: cluster.Endpoints()[0], heard: &ear{}}
			s.root = s.client(t, "root", rootPassword)
			s.guest = s.client(t, "", "")
			test(t, s)
			s.heard.checkNoPassword(t)
		})
	}
}

// client returns a client with credentials; what it tells its observer is heard.
func (s *scene) client(t *testing.T, user, password string) *etcd.Client {
	t.Helper()
	return live.Connect(t, etcd.Config{Endpoints: []string{s.endpoint}, Username: user, Password: password, Observer: s.heard})
}

// begin creates the user root. In the first moment after its start, etcd 2.3 is not ready for that.
func (s *scene) begin(t *testing.T) {
	t.Helper()
	live.Eventually(t, "root is created", func() bool {
		err := s.root.Auth().CreateUser(t.Context(), "root", rootPassword)
		if err != nil && !errors.Is(err, etcd.ErrAuthNotReady) {
			t.Fatal(err)
		}
		return err == nil
	})
}

// lockUp creates root, switches authentication on, and takes everything from who has no credentials.
func (s *scene) lockUp(t *testing.T) {
	t.Helper()
	s.begin(t)
	s.works(t, s.root.Auth().Enable(t.Context()))
	all := etcd.Permissions{Read: []string{"/*"}, Write: []string{"/*"}}
	s.works(t, s.root.Auth().RevokePermissions(t.Context(), "guest", all))
}

// works fails the test where a call that has to work does not.
func (s *scene) works(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails checks why a call failed.
func (s *scene) fails(t *testing.T, err, want error) {
	t.Helper()
	s.heard.note(err)
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if errors.Is(err, etcd.ErrOutcomeUnknown) {
		t.Errorf("%v is reported as unknown", err)
	}
}

// ear hears all that is said: what observers are told, and errors.
type ear struct {
	mu   sync.Mutex
	said strings.Builder
}

func (e *ear) Observe(event etcd.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintf(&e.said, "%+v %v\n", event, event.LogValue())
}

func (e *ear) note(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintf(&e.said, "%+v %#v\n", err, err)
}

func (e *ear) checkNoPassword(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !strings.Contains(e.said.String(), "/v2/auth/users/") {
		t.Error("nothing was heard")
	}
	for line := range strings.SplitSeq(e.said.String(), "\n") {
		if strings.Contains(line, "s3cret") {
			t.Errorf("a password was said: %s", line)
		}
	}
}
