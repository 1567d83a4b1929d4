package election

import (
	"fmt"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

func TestFinal(t *testing.T) {
	for err, want := range map[error]bool{
		etcd.ErrUnauthorized:                      true,
		fmt.Errorf("x: %w", etcd.ErrClosed):       true,
		fmt.Errorf("x: %w", etcd.ErrWrongCluster): true,
		locking.ErrLost:                           false,
		&etcd.ClusterError{}:                      false,
	} {
		if final(err) != want {
			t.Errorf("final(%v) is %v", err, !want)
		}
	}
}
