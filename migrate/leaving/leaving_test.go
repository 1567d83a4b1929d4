package leaving_test

import (
	"fmt"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

// The steps of docs/leaving.md, in their order.
func TestLeaving(t *testing.T) {
	for _, members := range []int{1, 3} {
		t.Run(fmt.Sprint(members), func(t *testing.T) {
			if members > 1 && testing.Short() {
				t.Skip("rolling through three members takes its time")
			}
			t.Parallel()
			j := begin(t, members)
			j.copyToV3()
			j.deleteAll()
			j.restart(etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1))
			if err := j.upgrade(); err != nil {
				t.Fatal(err)
			}
			j.serves36()
		})
	}
}
