// Package leaving_test takes real clusters along the way that docs/leaving.md describes, from etcd 3.5 with v2 data to a
// serving etcd 3.6, and takes wrong turns on the way.
package leaving_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }
