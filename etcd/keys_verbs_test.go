package etcd

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWritesOnTheWire(t *testing.T) {
	type (
		C = *Client
		R = *Response
	)
	checkWire(t, granting(3), []call{
		{"set", func(ctx context.Context, c C) (R, error) { return c.Set(ctx, "/k", "v") }, "PUT /v2/keys/k value=v"},
		{"set empty value", func(ctx context.Context, c C) (R, error) { return c.Set(ctx, "/k", "") }, "PUT /v2/keys/k value="},
		{
			"set text", func(ctx context.Context, c C) (R, error) { return c.Set(ctx, "k", "a b&c=d+e;f%\nü\x00") },
			"PUT /v2/keys/k value=a+b%26c%3Dd%2Be%3Bf%25%0A%C3%BC%00",
		},
		{
			"set with TTL", func(ctx context.Context, c C) (R, error) { return c.Set(ctx, "/k", "v", WithTTL(time.Minute)) },
			"PUT /v2/keys/k ttl=60&value=v",
		},
		{
			"TTL is rounded up", func(ctx context.Context, c C) (R, error) { return c.Set(ctx, "/k", "v", WithTTL(time.Second+1)) },
			"PUT /v2/keys/k ttl=2&value=v",
		},
		{
			"last TTL counts", func(ctx context.Context, c C) (R, error) {
				return c.Set(ctx, "/k", "v", WithTTL(time.Minute), WithTTL(time.Second))
			}, "PUT /v2/keys/k ttl=1&value=v",
		},
		{"create", func(ctx context.Context, c C) (R, error) { return c.Create(ctx, "/k", "v") }, "PUT /v2/keys/k?prevExist=false value=v"},
		{
			"create with TTL", func(ctx context.Context, c C) (R, error) { return c.Create(ctx, "/k", "v", WithTTL(time.Second)) },
			"PUT /v2/keys/k?prevExist=false ttl=1&value=v",
		},
		{"update", func(ctx context.Context, c C) (R, error) { return c.Update(ctx, "/k", "v") }, "PUT /v2/keys/k?prevExist=true value=v"},
		{
			"update with TTL", func(ctx context.Context, c C) (R, error) { return c.Update(ctx, "/k", "v", WithTTL(time.Hour)) },
			"PUT /v2/keys/k?prevExist=true ttl=3600&value=v",
		},
		{
			"swap by value", func(ctx context.Context, c C) (R, error) { return c.CompareAndSwap(ctx, "/k", "v", Prev{Value: "a&b"}) },
			"PUT /v2/keys/k prevValue=a%26b&value=v",
		},
		{
			"swap by index", func(ctx context.Context, c C) (R, error) { return c.CompareAndSwap(ctx, "/k", "v", Prev{Index: 7}) },
			"PUT /v2/keys/k?prevIndex=7 value=v",
		},
		{
			"swap by both, with TTL", func(ctx context.Context, c C) (R, error) {
				return c.CompareAndSwap(ctx, "/k", "", Prev{Value: "a", Index: 1<<64 - 1}, WithTTL(time.Second))
			}, "PUT /v2/keys/k?prevIndex=18446744073709551615 prevValue=a&ttl=1&value=",
		},
		{"in order", func(ctx context.Context, c C) (R, error) { return c.CreateInOrder(ctx, "/q/", "v") }, "POST /v2/keys/q/ value=v"},
		{"in order at the root", func(ctx context.Context, c C) (R, error) { return c.CreateInOrder(ctx, "/", "v") }, "POST /v2/keys/ value=v"},
		{
			"in order with TTL", func(ctx context.Context, c C) (R, error) {
				return c.CreateInOrder(ctx, "/q", "v", WithTTL(time.Second))
			},
			"POST /v2/keys/q ttl=1&value=v",
		},
	})
}

// A server that does not see a form stores the empty value, whatever the conditions in it.
func TestFormsAreSentAsForms(t *testing.T) {
	s := serve(t, granting(3))
	client := connect(t, s.url)
	for _, do := range writes {
		if err := do(t.Context(), client); err != nil {
			t.Error(err)
		}
	}
	for i, header := range s.headers {
		if got := header.Get("Content-Type"); got != "application/x-www-form-urlencoded" && s.requests[i][:6] != "DELETE" {
			t.Errorf("%s has Content-Type %q", s.requests[i], got)
		}
	}
}

func TestUpdateThatKeepsTheTTLIsAModify(t *testing.T) {
	s := serve(t, keys(200, 9, `{"action":"get","node":{"key":"/k","value":"a","ttl":40,"expiration":"2100-01-01T00:00:00Z","modifiedIndex":7,"createdIndex":7}}`),
		file("compareAndSwap", "/k", "v", 10))
	resp, err := connect(t, s.url).Update(t.Context(), "/k", "v", WithKeepTTL())
	if err != nil || resp.Index != 10 {
		t.Errorf("got %v, %v", resp, err)
	}
	check(t, "requests", s.got(), []string{"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevIndex=7 ttl=40&value=v"})
}

func TestRefusedWriteReturnsTheServersError(t *testing.T) {
	s := serve(t, refusing(412, ErrNodeExist, "/k", 8))
	_, err := connect(t, s.url).Create(t.Context(), "/k", "v")
	var reply *Error
	if !errors.As(err, &reply) {
		t.Fatalf("error is %v", err)
	}
	reply.cluster, reply.term = "", 0 // asked for by nobody else
	check(t, "error", *reply, Error{
		Code: ErrNodeExist, Message: "Message 105", Cause: "/k", Index: 8, StatusCode: 412,
		Method: "PUT", Path: "/v2/keys/k", Endpoint: s.url,
	})
}

// Nothing is sent for a value that etcd cannot hold.
func TestUpdateWithKeepTTLRefusesTheValueBeforeItReads(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	_, err := connect(t, s.url).Update(t.Context(), "/k", "\xff", WithKeepTTL())
	checkIs(t, err, ErrInvalidArgument)
	check(t, "requests", s.got(), []string(nil))
}
