package bench

import (
	"fmt"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// mirrors measures reading from a mirror, and making one beside the read alone.
func mirrors(tb testing.TB, s scale, endpoint string) ([]work, error) {
	client := live.Client(tb, endpoint)
	size := min(10_000, s.tree)
	dir := "/mirrored"
	if err := plant(tb.Context(), newOurs(client), dir, size); err != nil {
		return nil, err
	}
	mirror, err := client.Mirror(tb.Context(), dir)
	if err != nil {
		return nil, err
	}
	defer mirror.Close()
	key := dir + "/000/service-00"
	read := contender{"Mirror.Get", []operation{func() error {
		if _, ok := mirror.Get(key); !ok {
			return fmt.Errorf("the mirror has no %s", key)
		}
		return nil
	}}}
	load := contender{"Mirror", []operation{func() error {
		m, err := client.Mirror(tb.Context(), dir)
		if err != nil {
			return err
		}
		return m.Close()
	}}}
	get := contender{"Get", []operation{func() error {
		_, err := client.Get(tb.Context(), dir, etcd.WithRecursive())
		return err
	}}}
	reads, err := compare("one of 10,000 nodes", s, []contender{read})
	if err != nil {
		return nil, err
	}
	loads, err := compare("all of 10,000 nodes", s, []contender{load, get})
	return []work{reads, loads}, err
}
