package keys_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

func increment(current string) (string, error) {
	n, err := strconv.Atoi(current)
	return strconv.Itoa(n + 1), err
}

func TestModifyByTwoLosesNothing(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		const each = 500
		must(t)(s.Client.Set(t.Context(), s.Dir, "0"))
		var running sync.WaitGroup
		for range 2 {
			running.Go(func() {
				for range each {
					if _, err := s.Client.Modify(t.Context(), s.Dir, increment); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		running.Wait()
		holds(t, s.Client, s.Dir, strconv.Itoa(2*each))
	})
}

func TestModifyAndTTL(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		_, err := s.Client.Modify(t.Context(), s.Dir, increment)
		fails(t, etcd.ErrKeyNotFound, err)
		must(t)(s.Client.Set(t.Context(), s.Dir, "0", etcd.WithTTL(time.Hour)))
		expiresIn(t, must(t)(s.Client.Modify(t.Context(), s.Dir, increment)).Node, time.Hour)
		expiresIn(t, must(t)(s.Client.Modify(t.Context(), s.Dir, increment, etcd.WithTTL(time.Minute))).Node, time.Minute)
		expiresIn(t, must(t)(s.Client.Modify(t.Context(), s.Dir, increment, etcd.WithoutTTL())).Node, 0)
		expiresIn(t, must(t)(s.Client.Modify(t.Context(), s.Dir, increment)).Node, 0)
		holds(t, s.Client, s.Dir, "4")
	})
}
