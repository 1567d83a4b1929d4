package keys_test

import (
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestRegistrationIsKeptAlive(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/web/1"
		r := live.Must[*etcd.Registration](t)(s.Client.Register(t.Context(), key, "a", 2*time.Second))
		created := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), key)).Node.CreatedIndex
		value := func() string {
			resp, err := s.Client.Get(t.Context(), key, etcd.WithQuorum())
			if err != nil {
				return ""
			}
			return resp.Node.Value
		}
		born := time.Now()
		live.Eventually(t, "it is older than its TTL", func() bool {
			if value() != "a" {
				t.Fatal("it has expired")
			}
			return time.Since(born) > 3*time.Second
		})
		if now := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), key)); now.Node.CreatedIndex != created {
			t.Errorf("created at %d, and again at %d", created, now.Node.CreatedIndex)
		}
		if err := r.SetValue(t.Context(), "b"); err != nil || value() != "b" {
			t.Errorf("%q, %v", value(), err)
		}
		live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), key))
		live.Eventually(t, "it is made again", func() bool { return value() == "b" && r.Err() == nil })
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), key, "another's"))
		live.Eventually(t, "it is known to be taken", func() bool { return errors.Is(r.Err(), etcd.ErrTaken) })
		if err := r.Close(t.Context()); err != nil || value() != "another's" {
			t.Errorf("%q after Close, %v", value(), err)
		}
		r = live.Must[*etcd.Registration](t)(s.Client.Register(t.Context(), key, "c", 2*time.Second))
		if err := r.Close(t.Context()); err != nil || value() != "" {
			t.Errorf("%q after Close, %v", value(), err)
		}
	})
}
