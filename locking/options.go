package locking

import (
	"fmt"
	"os"
	"time"
	"unicode/utf8"
)

// Option changes a Mutex, an RWMutex or a Semaphore. A nil option changes nothing. The first call reports an
// option that is not valid, as etcd.ErrInvalidArgument, before anything is sent.
type Option func(*config)

// config is what the options say.
type config struct {
	ttl       time.Duration
	permanent bool // no TTL while the lock is held
	value     *string
	identity  string
	former    int // limit of a semaphore; 0 for none
	layout    layout
	err       error
}

// WithTTL sets how long the lock outlives a process that has died or is cut off. Without it, that is DefaultTTL.
// The lock is renewed every third of the TTL, while waiting and while holding. Etcd counts whole seconds, so ttl
// is rounded up; less than one second is refused.
//
// A short TTL soon frees the lock of a dead process, and a long TTL survives longer outages of the cluster. With
// less than five seconds, a leader election of the cluster can cost the lock.
func WithTTL(ttl time.Duration) Option {
	return func(c *config) {
		if ttl < time.Second {
			c.err = invalid("TTL %v is below one second", ttl)
		}
		c.ttl = (ttl + time.Second - 1).Truncate(time.Second)
	}
}

// WithoutTTL makes a lock that is held last until it is unlocked, even if its process dies. WithIdentity gets it
// back then. A contender that waits still has the TTL of WithTTL or DefaultTTL, so that one that dies while it
// waits does not block the others for ever.
func WithoutTTL() Option { return func(c *config) { c.permanent = true } }

// WithValue sets the text that shows others who holds the lock or waits for it. It may be empty. Without this
// option it is the name of the host and the ID of the process, such as "db-1:4711".
func WithValue(value string) Option {
	return func(c *config) {
		if !utf8.ValidString(value) {
			c.err = invalid("value %q is not valid UTF-8", value)
		}
		c.value = &value
	}
}

// WithIdentity makes Lock and TryLock take over the place in the queue that an earlier process with the same
// identity has, whether first or not. So a process that was restarted immediately gets back the lock that it
// held. If the earlier process still runs, it loses its lock as soon as it learns of the takeover or tries to
// renew it. Until then both may act as holders, with the same Token, which does not tell them apart. Two
// processes that run at the same time must not have the same identity.
func WithIdentity(identity string) Option {
	return func(c *config) {
		if identity == "" || !utf8.ValidString(identity) {
			c.err = invalid("identity %q is empty or not valid UTF-8", identity)
		}
		c.identity = identity
	}
}

// newConfig returns what the options make of the defaults.
func newConfig(opts []Option) config {
	c := config{ttl: DefaultTTL, layout: native{}}
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	switch what := c.layout.foreign(); {
	case what == "":
	case c.identity != "":
		c.err = invalid("%s has no identity", what)
	case c.value != nil && c.layout == python{}:
		c.err = invalid("%s has no value", what)
	case c.value != nil && *c.value == "":
		c.err = invalid("%s needs a unique value, not an empty one", what)
	}
	return c
}

// processName names this process to people.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}
