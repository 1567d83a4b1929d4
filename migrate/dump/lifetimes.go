package dump

import (
	"slices"
	"strings"
	"time"
)

// Lifetimes finds out when nodes end that come in the order of keys: what is in a directory with a TTL ends with it. The
// zero value is ready to use.
type Lifetimes struct {
	dirs []Node // directories with a TTL that nodes to come may be in
}

// Above returns when the first directory above a node expires; zero for never.
func (l *Lifetimes) Above(n Node) time.Time {
	var ends time.Time
	l.dirs = slices.DeleteFunc(l.dirs, func(dir Node) bool {
		inside := dir.Key + "/"
		if strings.HasPrefix(n.Key, inside) {
			ends = Earlier(ends, dir.Expires)
			return false
		}
		return n.Key > inside // what is in dir has come before
	})
	if n.Dir && !n.Expires.IsZero() {
		l.dirs = append(l.dirs, n)
	}
	return ends
}

// Earlier returns the earlier of two times of expiry, where zero is never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
