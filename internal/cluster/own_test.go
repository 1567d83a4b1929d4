package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/fakenet"
)

// outOfFiles fails as a dial does if the process may not open another file.
func outOfFiles(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
}

// A process that is out of files says so, at once, and blames no member.
func TestProcessOutOfFilesBlamesNoMember(t *testing.T) {
	for _, method := range []string{"GET", "PUT"} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: outOfFiles})
			c.members.all()[0].proven.Store(true)
			call := newCall(t, method, "/v2/keys/k", "")
			call.Read = method == "GET"
			start := time.Now()
			result := c.Do(t.Context(), call)
			check(t, "outcome", result.Outcome, NotSent)
			check(t, "attempts", len(result.Attempts), 2)
			check(t, "time", time.Since(start), time.Duration(0))
			checkIs(t, result.Err, errs.ErrNoConnection)
			checkIs(t, result.Err, syscall.EMFILE)
			for _, m := range c.members.all() {
				check(t, "set aside", m.health.aside(), false)
			}
			check(t, "still proven", c.members.all()[0].proven.Load(), true)
		})
	}
}

// Another member may have a connection that is free.
func TestProcessOutOfFilesUsesTheConnectionsThatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fakenet.Network
		network.Serve(t, "b", member(text(200, 7, "")))
		dial := network.Dial
		c := newCluster(t, Config{
			Endpoints: []string{"http://a", "http://b"},
			Dial: func(ctx context.Context, protocol, address string) (net.Conn, error) {
				return dial(ctx, protocol, address)
			},
		})
		check(t, "outcome", c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "")).Outcome, Done)
		dial = outOfFiles
		c.members.pin(c.members.all()[0])
		check(t, "outcome", c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "")).Outcome, Done)
	})
}

func TestWhatIsAShortage(t *testing.T) {
	dial := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", errno)}
	}
	for name, test := range map[string]struct {
		err  error
		want error
	}{
		"files":             {dial(syscall.EMFILE), syscall.EMFILE},
		"files of the host": {dial(syscall.ENFILE), syscall.ENFILE},
		"buffers":           {dial(syscall.ENOBUFS), syscall.ENOBUFS},
		"ports":             {dial(syscall.EADDRNOTAVAIL), syscall.EADDRNOTAVAIL},
		"files of a lookup": {fmt.Errorf("dial: %w", &net.DNSError{Name: "a", Err: dial(syscall.EMFILE).Error()}), syscall.EMFILE},
		"no such name":      {&net.DNSError{Name: "a", Err: "no such host", IsNotFound: true}, nil},
		"refused":           {dial(syscall.ECONNREFUSED), nil},
	} {
		err := shortage(test.err)
		if err == nil || test.want == nil {
			check(t, name, err, test.want)
			continue
		}
		checkIs(t, err, test.want)
		checkIs(t, err, errs.ErrNoConnection)
	}
}

// A transport of another may return any error, also for a request that was sent.
func TestShortageOfAConnectionInUseIsNone(t *testing.T) {
	broken := &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.ENOBUFS)}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{"of a connection in use": {broken, false}, "of a new one": {&net.OpError{Op: "dial", Err: syscall.EMFILE}, true}} {
		client := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, test.err })}
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, HTTPClient: client})
		result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", ""))
		check(t, name+", outcome", result.Outcome, Unknown) // the transport does not report what it has sent
		check(t, name+", blamed on this process", errors.Is(result.Err, errs.ErrNoConnection), test.want)
		check(t, name+", set aside", c.members.all()[0].health.aside(), !test.want)
	}
}

// sluggish is a transport whose caller gets to run only some time after the end of an attempt.
func sluggish(by time.Duration) *http.Client {
	return &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		<-time.After(by)
		return nil, req.Context().Err()
	})}
}

// If the process could not run when an attempt ended, the reply may have been there.
func TestProcessThatDoesNotRunInTimeBlamesNoMember(t *testing.T) {
	for by, blamed := range map[time.Duration]bool{0: true, 100 * time.Millisecond: true, 101 * time.Millisecond: false} {
		for _, byCaller := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				config := Config{Endpoints: []string{"http://a"}, HTTPClient: sluggish(by), AttemptTimeout: time.Second}
				ctx := t.Context()
				if byCaller {
					var cancel context.CancelFunc
					config.AttemptTimeout = -1
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				}
				c := newCluster(t, config)
				m := c.members.all()[0]
				m.proven.Store(true)
				check(t, "outcome", c.Do(ctx, newCall(t, "PUT", "/v2/keys/k", "")).Outcome, Unknown)
				check(t, fmt.Sprintf("set aside, %v late", by), m.health.aside(), blamed)
				check(t, fmt.Sprintf("still proven, %v late", by), m.proven.Load(), !blamed)
			})
		}
	}
}

// Questions that this process could not ask, or whose answers it could not take in time, show nothing.
func TestPulseConcludesNothingFromOwnFailures(t *testing.T) {
	for name, config := range map[string]Config{
		"out of files":    {Dial: outOfFiles},
		"out of CPU":      {HTTPClient: sluggish(time.Second)},
		"member at fault": {HTTPClient: sluggish(0)},
	} {
		synctest.Test(t, func(t *testing.T) {
			config.Endpoints = []string{"http://a"}
			c := newCluster(t, config)
			defer c.KeepPulse()()
			m := c.members.all()[0]
			open := arrive(t, c, m, 7)
			<-time.After(5 * time.Second)
			atFault := name == "member at fault"
			check(t, name+", call is ended", open.Cut(), atFault)
			check(t, name+", failed", m.health.failures.Load() != 0, atFault)
		})
	}
}

// fading is a network whose process can be out of files, with a member that answers all but polls.
type fading struct {
	fakenet.Network
	exhausted atomic.Bool
	counts    atomic.Bool  // whether left is a limit
	left      atomic.Int64 // how many connections can still be opened
}

func newFading(t *testing.T) (*Cluster, *fading) {
	f := &fading{}
	f.Serve(t, "a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/keys/poll" || r.URL.Path == changePath {
			silent(7)(w, r)
			return
		}
		text(200, 7, "")(w, r)
	}))
	return newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: f.Dial}), f
}

func (f *fading) Dial(ctx context.Context, protocol, address string) (net.Conn, error) {
	if f.exhausted.Load() || f.counts.Load() && f.left.Add(-1) < 0 {
		return outOfFiles(ctx, protocol, address)
	}
	return f.Network.Dial(ctx, protocol, address)
}

// ask makes a call, which waits if path is that of a poll.
func ask(t *testing.T, c *Cluster, path string, vital bool) Result {
	call := newCall(t, "GET", path, "")
	call.Vital, call.Wait = vital, path == "/v2/keys/poll"
	result := c.Do(t.Context(), call)
	if result.Open != nil {
		t.Cleanup(result.Open.Close)
	}
	return result
}

// A process that is out of files can still renew what it holds, though polls would take any connection.
func TestRenewalsKeepTheirConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := newFading(t)
		check(t, "renewal", ask(t, c, "/v2/keys/k", true).Outcome, Done)
		check(t, "call", ask(t, c, "/v2/keys/k", false).Outcome, Done)
		f.exhausted.Store(true)
		check(t, "poll on an idle connection", ask(t, c, "/v2/keys/poll", false).Outcome, Done)
		checkIs(t, ask(t, c, "/v2/keys/poll", false).Err, errs.ErrNoConnection)
		check(t, "renewal", ask(t, c, "/v2/keys/k", true).Outcome, Done)
	})
}

// lease makes a key with a TTL.
func lease(t *testing.T, c *Cluster) Result {
	call := newCall(t, "PUT", "/v2/keys/k", "")
	call.Expires = true
	return c.Do(t.Context(), call)
}

// A process may take many locks, and all its files, before it renews the first.
func TestRenewalsHaveAConnectionAsSoonAsThereIsATTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := newFading(t)
		defer c.KeepPulse()()
		check(t, "call", ask(t, c, "/v2/keys/k", false).Outcome, Done)
		check(t, "poll", ask(t, c, "/v2/keys/poll", false).Outcome, Done)
		synctest.Wait() // until the pulse has the connection for its own poll
		check(t, "write", lease(t, c).Outcome, Done)
		check(t, "a connection is reserved", c.members.all()[0].reservation.made.Load(), true)
		f.exhausted.Store(true)
		checkIs(t, ask(t, c, "/v2/keys/poll", false).Err, errs.ErrNoConnection)
		check(t, "renewal", ask(t, c, "/v2/keys/k", true).Outcome, Done)
		<-time.After(10*time.Minute + 500*time.Millisecond) // the pulse keeps it open, and does not use it now
		check(t, "renewal", ask(t, c, "/v2/keys/k", true).Outcome, Done)
	})
}

// Writes that make keys with a TTL come all at once: either there is a connection for renewals, or they are refused.
func TestKeyThatCannotBeRenewedIsNotMade(t *testing.T) {
	for _, dials := range []int{0, 1, 2} {
		synctest.Test(t, func(t *testing.T) {
			c, f := newFading(t)
			f.left.Store(int64(dials))
			f.counts.Store(true)
			var made, refused atomic.Int64
			var writing sync.WaitGroup
			for range 20 {
				writing.Go(func() {
					switch result := lease(t, c); {
					case result.Outcome == Done:
						made.Add(1)
						ask(t, c, "/v2/keys/poll", false) // takes any connection that it gets
					case errors.Is(result.Err, errs.ErrNoConnection):
						refused.Add(1)
					default:
						t.Errorf("outcome %v, %v", result.Outcome, result.Err)
					}
				})
			}
			writing.Wait()
			check(t, "made or refused", made.Load()+refused.Load(), int64(20))
			check(t, fmt.Sprintf("made, with %d connections", dials), made.Load() > 0, dials > 0)
			check(t, "renewal", ask(t, c, "/v2/keys/k", true).Outcome == Done, dials > 0)
		})
	}
}
