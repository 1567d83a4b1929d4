package locking

import (
	"fmt"
	"os"
	"time"
	"unicode/utf8"
)

// Option changes a Mutex, an RWMutex or a Semaphore; a nil one changes nothing. What is wrong with an option
// is reported by the first call, as etcd.ErrInvalidArgument, before anything is sent.
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

// WithTTL sets how long the lock outlives a process that has died or is cut off; DefaultTTL without it. It is
// kept alive every third of that, while waiting and while holding. Etcd counts whole seconds: ttl is rounded
// up to them, and less than one is refused.
//
// A short TTL frees the lock of a dead process soon; a long one survives longer outages of the cluster. With
// less than five seconds, an election of the cluster's leader can cost the lock.
func WithTTL(ttl time.Duration) Option {
	return func(c *config) {
		if ttl < time.Second {
			c.err = invalid("TTL %v is below one second", ttl)
		}
		c.ttl = (ttl + time.Second - 1).Truncate(time.Second)
	}
}

// WithoutTTL makes the lock, once it is held, last until it is unlocked, whatever becomes of the process: see
// WithIdentity for how to get it back then. While it is waited for there is a TTL all the same, of WithTTL or
// DefaultTTL, so that who dies waiting does not block the others for ever.
func WithoutTTL() Option { return func(c *config) { c.permanent = true } }

// WithValue sets the text that tells others who holds the lock or waits for it; without it that is the host's
// name and the process's number, such as "db-1:4711". It may be empty.
func WithValue(value string) Option {
	return func(c *config) {
		if !utf8.ValidString(value) {
			c.err = invalid("value %q is not valid UTF-8", value)
		}
		c.value = &value
	}
}

// WithIdentity makes Lock and TryLock take over the place that an earlier process of the same identity has in
// the queue, first or not. So a process that was restarted gets the lock back that it held, at once. If the
// earlier one is not gone after all, its lock is lost as soon as it learns of it, or tries to keep it alive;
// until then both may act as holders, and with the same Token, which does not tell them apart. Two that run
// at the same time must not have the same identity.
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
