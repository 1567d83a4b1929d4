package etcd

import (
	"context"
	"errors"
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

func TestEveryCallAfterCloseReturnsErrClosed(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connect(t, s.url)
	for range 2 { // a second Close does nothing
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, call := range every {
		t.Run(name, func(t *testing.T) { checkIs(t, call(t.Context(), client), ErrClosed) })
	}
	check(t, "requests", s.got(), []string(nil))
}

func TestEveryCallWithAnEndedContextReturnsItsCauseAndSendsNothing(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connect(t, s.url)
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for name, call := range every {
		t.Run(name, func(t *testing.T) {
			err := call(ctx, client)
			checkIs(t, err, cause)
			checkNot(t, err, ErrOutcomeUnknown)
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
				client := net.connect(t, Config{Endpoints: []string{"http://a"}})
				ended := make(chan error)
				go func() { ended <- call(t.Context(), client) }()
				synctest.Wait()
				check(t, "requests under way", len(s.got()), 1)
				client.Close()
				checkIs(t, <-ended, ErrClosed)
			})
		})
	}
}

func TestEndOfContextEndsRunningCallsWithItsCause(t *testing.T) {
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
				checkIs(t, <-ended, cause)
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
