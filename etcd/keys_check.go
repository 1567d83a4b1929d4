package etcd

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/etcdv2/client/internal/errs"
)

// wireKey returns key as the generated client wants it, without the leading slash; the root is "". A trailing
// slash stays: the server drops it only after it has compared the key with what the user's roles allow, and
// "/app/*" allows "/app/", but not "/app".
//
// Empty, "." and ".." segments are refused, not sent: servers answer them with a redirect that turns a write
// into a read, or, etcd 3.5 built with Go 1.22 and later, write to another key. Invalid UTF-8 is refused
// since a member changes it to U+FFFD when it restarts from a snapshot; see Delete for keys that are there.
func wireKey(key string) (string, error) {
	if key == "" {
		return "", errs.Invalidf("key is empty; the root is \"/\"")
	}
	if !utf8.ValidString(key) {
		return "", errs.Invalidf("key %q is not valid UTF-8, which etcd does not keep; "+
			"if another client created it, delete its directory WithRecursive", key)
	}
	wire := strings.TrimPrefix(key, "/")
	if wire == "" {
		return "", nil
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(wire, "/"), "/") {
		switch segment {
		case "":
			return "", errs.Invalidf("key %q has an empty segment", key)
		case ".", "..":
			return "", errs.Invalidf("key %q has the segment %q", key, segment)
		}
	}
	return wire, nil
}

// nodeKey returns key as servers name the node: with its leading slash and without a trailing one. It
// allocates nothing for a key that is so already.
func nodeKey(key string) (string, error) {
	wire, err := wireKey(key)
	if err != nil {
		return "", err
	}
	wire = strings.TrimSuffix(wire, "/")
	if key[0] == '/' {
		return key[:1+len(wire)], nil
	}
	return "/" + wire, nil
}

// below reports whether key is inside dir.
func below(key, dir string) bool {
	if dir == "/" {
		return key != "/"
	}
	return len(key) > len(dir) && key[len(dir)] == '/' && strings.HasPrefix(key, dir)
}

// covers reports whether key is dir or inside it.
func covers(dir, key string) bool { return key == dir || below(key, dir) }

// parentKey returns the key of the directory that key is in.
func parentKey(key string) string { return key[:max(1, strings.LastIndexByte(key, '/'))] }

// checkValue refuses what etcd would store as something else. what names the value in the error.
func checkValue(what, key, value string) error {
	if !utf8.ValidString(value) {
		return errs.Invalidf("%s for key %q is not valid UTF-8; encode binary data, for example in base64", what, key)
	}
	return nil
}

// lastExpiration is the latest moment that a server's clock arithmetic holds: it counts nanoseconds since
// 1970 in an int64. Beyond it a set stores the key for ever and an update deletes it (etcd 2.3.8, 3.5.35). A
// day is left for clocks that differ.
var lastExpiration = time.Unix(0, math.MaxInt64).Add(-24 * time.Hour)

// wireTTL returns the TTL of key in the whole seconds that etcd counts, rounded up: a key lives at least as
// long as asked for.
func wireTTL(key string, ttl time.Duration) (int64, error) {
	switch {
	case ttl < time.Second:
		return 0, errs.Invalidf("TTL %v for key %q is below one second, the minimum of etcd", ttl, key)
	case ttl > time.Until(lastExpiration):
		return 0, errs.Invalidf("TTL %v for key %q ends after %d, beyond the maximum of etcd", ttl, key, lastExpiration.Year())
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
