package etcd

import (
	"context"
	"testing"
	"time"
)

func TestWritesThatEtcdWouldMisreadSendNothing(t *testing.T) {
	type C = *Client
	unsendable{
		"set: key":           func(ctx context.Context, c C) error { _, err := c.Set(ctx, "/a//b", "v"); return err },
		"set: value":         func(ctx context.Context, c C) error { _, err := c.Set(ctx, "/k", "\xff"); return err },
		"set: zero TTL":      func(ctx context.Context, c C) error { _, err := c.Set(ctx, "/k", "v", WithTTL(0)); return err },
		"set: negative TTL":  func(ctx context.Context, c C) error { _, err := c.Set(ctx, "/k", "v", WithTTL(-time.Hour)); return err },
		"set: TTL of no end": func(ctx context.Context, c C) error { _, err := c.Set(ctx, "/k", "v", WithTTL(1<<63-1)); return err },
		"create: TTL": func(ctx context.Context, c C) error {
			_, err := c.Create(ctx, "/k", "v", WithTTL(time.Second-1))
			return err
		},
		"create: value": func(ctx context.Context, c C) error { _, err := c.Create(ctx, "/k", "\xff"); return err },
		"update: TTL":   func(ctx context.Context, c C) error { _, err := c.Update(ctx, "/k", "v", WithTTL(1)); return err },
		"update: both TTLs": func(ctx context.Context, c C) error {
			_, err := c.Update(ctx, "/k", "v", WithTTL(time.Minute), WithKeepTTL())
			return err
		},
		"swap: nothing to compare": func(ctx context.Context, c C) error {
			_, err := c.CompareAndSwap(ctx, "/k", "v", Prev{})
			return err
		},
		"swap: previous value": func(ctx context.Context, c C) error {
			_, err := c.CompareAndSwap(ctx, "/k", "v", Prev{Value: "\xff", Index: 3})
			return err
		},
		"swap: value": func(ctx context.Context, c C) error {
			_, err := c.CompareAndSwap(ctx, "/k", "\xff", Prev{Index: 3})
			return err
		},
		"in order: key":   func(ctx context.Context, c C) error { _, err := c.CreateInOrder(ctx, "", "v"); return err },
		"in order: value": func(ctx context.Context, c C) error { _, err := c.CreateInOrder(ctx, "/q", "\xff"); return err },
		"in order: TTL": func(ctx context.Context, c C) error {
			_, err := c.CreateInOrder(ctx, "/q", "v", WithTTL(0))
			return err
		},
		"delete: key": func(ctx context.Context, c C) error { _, err := c.Delete(ctx, "/.."); return err },
		"compare and delete: key": func(ctx context.Context, c C) error {
			_, err := c.CompareAndDelete(ctx, "", Prev{Index: 3})
			return err
		},
		"compare and delete: nothing to compare": func(ctx context.Context, c C) error {
			_, err := c.CompareAndDelete(ctx, "/k", Prev{})
			return err
		},
		"compare and delete: previous value": func(ctx context.Context, c C) error {
			_, err := c.CompareAndDelete(ctx, "/k", Prev{Value: "\xff"})
			return err
		},
		"create directory: key": func(ctx context.Context, c C) error { _, err := c.CreateDir(ctx, "/a/."); return err },
		"create directory: TTL": func(ctx context.Context, c C) error { _, err := c.CreateDir(ctx, "/d", WithTTL(0)); return err },
		"update directory: key": func(ctx context.Context, c C) error { _, err := c.UpdateDir(ctx, "//"); return err },
		"update directory: TTL": func(ctx context.Context, c C) error { _, err := c.UpdateDir(ctx, "/d", WithTTL(0)); return err },
		"refresh: key":          func(ctx context.Context, c C) error { _, err := c.Refresh(ctx, "", time.Minute); return err },
		"refresh: TTL":          func(ctx context.Context, c C) error { _, err := c.Refresh(ctx, "/k", 0); return err },
		"modify: key":           func(ctx context.Context, c C) error { _, err := c.Modify(ctx, "", nil); return err },
		"modify: TTL":           func(ctx context.Context, c C) error { _, err := c.Modify(ctx, "/k", nil, WithTTL(0)); return err },
		"modify: TTL and none": func(ctx context.Context, c C) error {
			_, err := c.Modify(ctx, "/k", nil, WithTTL(time.Minute), WithoutTTL())
			return err
		},
	}.check(t)
}

// A call's options are read again for each call: nothing of one may stay for the next.
func TestOptionsCanBeSharedByCalls(t *testing.T) {
	s := serve(t, granting(3))
	client := connect(t, s.url)
	minute := WithTTL(time.Minute)
	for range 2 {
		if _, err := client.Set(t.Context(), "/k", "v", minute); err != nil {
			t.Error(err)
		}
		if _, err := client.Update(t.Context(), "/k", "v", minute); err != nil {
			t.Error(err)
		}
		if _, err := client.Create(t.Context(), "/k", "v"); err != nil {
			t.Error(err)
		}
	}
	round := []string{
		"PUT /v2/keys/k ttl=60&value=v", "PUT /v2/keys/k?prevExist=true ttl=60&value=v", "PUT /v2/keys/k?prevExist=false value=v",
	}
	check(t, "requests", s.got(), append(round, round...))
}
