package etcd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// every calls each method that sends something.
var every = map[string]func(context.Context, *Client) error{
	"Get":    func(ctx context.Context, c *Client) error { _, err := c.Get(ctx, "/k"); return err },
	"Exists": func(ctx context.Context, c *Client) error { _, err := c.Exists(ctx, "/k"); return err },
	"Set":    func(ctx context.Context, c *Client) error { _, err := c.Set(ctx, "/k", "v"); return err },
	"Create": func(ctx context.Context, c *Client) error { _, err := c.Create(ctx, "/k", "v"); return err },
	"Update": func(ctx context.Context, c *Client) error { _, err := c.Update(ctx, "/k", "v"); return err },
	"CompareAndSwap": func(ctx context.Context, c *Client) error {
		_, err := c.CompareAndSwap(ctx, "/k", "v", Prev{Index: 1})
		return err
	},
	"CreateInOrder": func(ctx context.Context, c *Client) error { _, err := c.CreateInOrder(ctx, "/k", "v"); return err },
	"Delete":        func(ctx context.Context, c *Client) error { _, err := c.Delete(ctx, "/k"); return err },
	"CompareAndDelete": func(ctx context.Context, c *Client) error {
		_, err := c.CompareAndDelete(ctx, "/k", Prev{Index: 1})
		return err
	},
	"CreateDir": func(ctx context.Context, c *Client) error { _, err := c.CreateDir(ctx, "/k"); return err },
	"UpdateDir": func(ctx context.Context, c *Client) error { _, err := c.UpdateDir(ctx, "/k"); return err },
	"Modify": func(ctx context.Context, c *Client) error {
		_, err := c.Modify(ctx, "/k", func(string) (string, error) { return "v", nil })
		return err
	},
	"Refresh":   func(ctx context.Context, c *Client) error { _, err := c.Refresh(ctx, "/k", time.Minute); return err },
	"Machines":  func(ctx context.Context, c *Client) error { _, err := c.Machines(ctx); return err },
	"Leader":    func(ctx context.Context, c *Client) error { _, err := c.Leader(ctx); return err },
	"Version":   func(ctx context.Context, c *Client) error { _, err := c.Version(ctx); return err },
	"WatchOnce": func(ctx context.Context, c *Client) error { _, err := c.WatchOnce(ctx, "/k"); return err },
	"Watch": func(ctx context.Context, c *Client) error {
		for _, err := range c.Watch(ctx, "/k") {
			return err
		}
		return nil
	},
}

// checkAttempts fails unless err tells of so many attempts; of none, it is not a ClusterError.
func checkAttempts(t *testing.T, err error, want int) {
	t.Helper()
	var failed *ClusterError
	attempts := 0
	if errors.As(err, &failed) {
		attempts = len(failed.Attempts)
	}
	check(t, "attempts", attempts, want)
}

func TestEveryCallAfterCloseReturnsErrClosed(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connect(t, s.url)
	for range 2 { // a second Close does nothing
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, call := range every {
		t.Run(name, func(t *testing.T) {
			err := call(t.Context(), client)
			checkIs(t, err, ErrClosed)
			checkAttempts(t, err, 0)
		})
	}
	check(t, "requests", s.got(), []string(nil))
}

func TestEveryCallWithAnEndedContextSaysSoAndSendsNothing(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connect(t, s.url)
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for name, call := range every {
		t.Run(name, func(t *testing.T) {
			err := call(ctx, client)
			checkEnded(t, ctx, err)
			checkNot(t, err, ErrOutcomeUnknown)
			checkAttempts(t, err, 0)
		})
	}
	check(t, "requests", s.got(), []string(nil))
}

func TestCloseEndsRunningCalls(t *testing.T) {
	for name, call := range every {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				s := net.serve(t, "a", hang)
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
				ended := make(chan error)
				go func() { ended <- call(t.Context(), client) }()
				synctest.Wait()
				check(t, "requests under way", len(s.got()), 1)
				client.Close()
				err := <-ended
				checkIs(t, err, ErrClosed)
				if !strings.HasPrefix(name, "Watch") { // a watch says no more than that
					checkAttempts(t, err, 1)
				}
			})
		})
	}
}

func TestEndOfContextEndsRunningCalls(t *testing.T) {
	for name, call := range every {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				s := net.serve(t, "a", hang)
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
				cause := errors.New("changed my mind")
				ctx, cancel := context.WithCancelCause(t.Context())
				ended := make(chan error)
				go func() { ended <- call(ctx, client) }()
				synctest.Wait()
				cancel(cause)
				err := <-ended
				checkEnded(t, ctx, err)
				if !strings.HasPrefix(name, "Watch") { // a watch says no more than that
					checkAttempts(t, err, 1)
				}
				check(t, "requests", len(s.got()), 1)
			})
		})
	}
}

// A write that hangs when its client is closed may still be done.
func TestCloseLeavesARunningWriteInDoubt(t *testing.T) {
	pause := newHeld()
	s := serve(t, pause.answer)
	client := connect(t, s.url)
	go func() {
		<-pause.begun
		client.Close()
	}()
	_, err := client.Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrClosed, ErrOutcomeUnknown)
	<-pause.ended // the connection is gone too
}

func TestCloseClosesTheIdleConnectionsOfItsOwnPool(t *testing.T) {
	closed := make(chan struct{})
	s := httptest.NewUnstartedServer(file("get", "/k", "v", 3))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := connect(t, s.URL)
	if _, err := client.Get(t.Context(), "/k"); err != nil {
		t.Fatal(err)
	}
	client.Close()
	<-closed
}

// Others may use them.
func TestCloseLeavesTheConnectionsOfAGivenHTTPClient(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config := Config{Endpoints: []string{s.url}, HTTPClient: &http.Client{Transport: transport}}
	first, second := connectWith(t, config), connectWith(t, config)
	if _, err := first.Get(t.Context(), "/k"); err != nil {
		t.Fatal(err)
	}
	first.Close()
	var reused bool
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
	})
	if _, err := second.Get(ctx, "/k"); err != nil {
		t.Fatal(err)
	}
	check(t, "connection reused", reused, true)
}

// countedBody tells of its end.
type countedBody struct {
	io.ReadCloser
	open *atomic.Int64
}

func (b *countedBody) Close() error {
	b.open.Add(-1)
	return b.ReadCloser.Close()
}

func TestEveryReplysBodyIsClosed(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"an event": eventAt("set", "/k", 9, 8), "nothing": keys(200, 8, ""), "garbage": text(200, "<html>"),
		"refusal": refusing(400, ErrEventIndexCleared, "", 8), "failure": text(500, ""), "redirect": text(307, "", "Location", "/x"),
	} {
		for call, do := range every {
			t.Run(name+"/"+call, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var open atomic.Int64
					transport := handled(reply)
					client := connectWith(t, Config{
						Endpoints: []string{"http://a"},
						HTTPClient: &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
							resp, err := transport(req)
							open.Add(1)
							resp.Body = &countedBody{resp.Body, &open}
							return resp, err
						})},
					})
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a watch, which would go on
					defer cancel()
					_ = do(ctx, client)
					synctest.Wait() // for what looked after a watch
					check(t, "open bodies", open.Load(), int64(0))
				})
			})
		}
	}
}
