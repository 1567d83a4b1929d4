package etcd

import (
	"math"
	"time"
)

// lastExpiration is the latest moment that a server's clock arithmetic holds: it counts
// nanoseconds since 1970 in an int64. Beyond it a set stores the key for ever and an update
// deletes it (etcd 2.3.8, 3.5.35). A day is left for clocks that differ.
var lastExpiration = time.Unix(0, math.MaxInt64).Add(-24 * time.Hour)

// wireTTL returns ttl in the whole seconds that etcd counts, rounded up: a key lives at
// least as long as asked for.
func wireTTL(ttl time.Duration) (int64, error) {
	switch {
	case ttl < time.Second:
		return 0, invalidf("TTL %v is below one second, the smallest that etcd keeps", ttl)
	case ttl > time.Until(lastExpiration):
		return 0, invalidf("TTL %v ends after %d, beyond what etcd can hold", ttl, lastExpiration.Year())
	}
	seconds := int64(ttl / time.Second)
	if ttl%time.Second != 0 {
		seconds++
	}
	return seconds, nil
}
