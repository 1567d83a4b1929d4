package live

import (
	"hash/fnv"
	"os"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

// Kinds returns the kinds of server that a long test runs on: one of the two, by its name, or, with BOTH_SERVERS set as
// `make chaos` sets it, both.
func Kinds(t testing.TB) []etcdtest.Version {
	both := []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23}
	if os.Getenv("BOTH_SERVERS") != "" {
		return both
	}
	name := fnv.New32()
	_, _ = name.Write([]byte(t.Name()))
	return both[name.Sum32()%2:][:1]
}
