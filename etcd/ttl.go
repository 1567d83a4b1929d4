package etcd

import (
	"math"
	"time"
)

// lastExpiration is the latest moment that a server's clock arithmetic holds: it counts
// nanoseconds since 1970 in an int64. Beyond it a set stores the key for ever and an update
// deletes it (etcd 2.3.8, 3.5.35). A day is left for clocks that differ.
var lastExpiration = time.Unix(0, math.MaxInt64).Add(-24 * time.Hour)

// wireTTL returns the TTL of key in the whole seconds that etcd counts, rounded up: a key lives
// at least as long as asked for.
func wireTTL(key string, ttl time.Duration) (int64, error) {
	switch {
	case ttl < time.Second:
		return 0, invalidf("TTL %v of %q is below one second, the smallest that etcd keeps", ttl, key)
	case ttl > time.Until(lastExpiration):
		return 0, invalidf("TTL %v of %q ends after %d, beyond what etcd can hold", ttl, key, lastExpiration.Year())
	}
	seconds := int64(ttl / time.Second)
	if ttl%time.Second != 0 {
		seconds++
	}
	return seconds, nil
}

// checkTTL refuses a TTL that wireTTL would. Nil stands for none.
func checkTTL(key string, ttl *time.Duration) error {
	if ttl == nil {
		return nil
	}
	_, err := wireTTL(key, *ttl)
	return err
}
