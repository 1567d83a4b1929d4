package keys_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// Etcd takes whole seconds; a key that is changed all the time must expire all the same, and not early.
func TestChangedKeyExpiresWhenItWouldHave(t *testing.T) {
	ways := map[string]func(context.Context, *etcd.Client, string) (*etcd.Response, error){
		"Modify": func(ctx context.Context, c *etcd.Client, key string) (*etcd.Response, error) {
			return c.Modify(ctx, key, increment)
		},
		"Update": func(ctx context.Context, c *etcd.Client, key string) (*etcd.Response, error) {
			return c.Update(ctx, key, "0", etcd.WithKeepTTL())
		},
	}
	live.Each(t, func(t *testing.T, s live.Server) {
		for name, change := range ways {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				key := s.Dir + "/" + name
				first := must(t)(s.Client.Set(ctx, key, "0", etcd.WithTTL(3*time.Second)))
				last, next := first, time.NewTicker(100*time.Millisecond)
				defer next.Stop()
				for {
					resp, err := change(ctx, s.Client, key)
					if err != nil {
						fails(t, etcd.ErrKeyNotFound, err)
						break
					}
					last = resp
					<-next.C
				}
				if off := last.Node.Expiration.Sub(first.Node.Expiration); off < -time.Second || off > 2*time.Second {
					t.Errorf("it expires %v late", off)
				}
			})
		}
	})
}

// Other clients keep the second, too, since the node tells it.
func TestChangesByManyKeepTheTTL(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		first := must(t)(s.Client.Set(ctx, s.Dir, "0", etcd.WithTTL(4*time.Second)))
		const clients = 4
		expired := make(chan *etcd.Response, 1)
		go func() {
			defer close(expired)
			for event, err := range s.Client.Watch(ctx, s.Dir, etcd.WithAfterIndex(first.Index)) {
				if err == nil && event.Action == etcd.ActionExpire {
					expired <- event
					return
				}
			}
		}()
		ended := make(chan error, clients)
		for range clients {
			client := live.Client(t, s.Endpoint)
			go func() {
				for {
					if _, err := client.Modify(ctx, s.Dir, increment); err != nil {
						ended <- err
						return
					}
				}
			}()
		}
		for range clients {
			if err := <-ended; !errors.Is(err, etcd.ErrKeyNotFound) {
				t.Error(err)
			}
		}
		event := <-expired
		if event == nil {
			t.Fatal("it does not expire")
		}
		if off := event.PrevNode.Expiration.Sub(first.Node.Expiration); off < -time.Second || off > 2*time.Second {
			t.Errorf("it expired %v late", off)
		}
	})
}
