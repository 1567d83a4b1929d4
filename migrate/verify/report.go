package verify

import (
	"fmt"
	"strings"
	"time"

	"github.com/etcdv2/client/migrate/dump"
)

// A Kind is how two trees differ at a key.
type Kind int

// The kinds of differences.
const (
	Missing Kind = iota // only a has the key
	Extra               // only b has the key
	Value               // the values differ
	Type                // a file on one side, a directory on the other
	TTL                 // the nodes expire at different times, or only one of them does
	kinds
)

func (k Kind) String() string {
	return [...]string{"missing", "extra", "value", "type", "ttl"}[k]
}

// A Difference is a key at which the trees differ. The node of a side that does not have the key is zero.
type Difference struct {
	Kind Kind
	A, B dump.Node
}

// String returns a line for people: the kind, the key, and what either side has.
func (d Difference) String() string {
	var key, what string
	switch d.Kind {
	case Missing:
		key, what = d.A.Key, describe(d.A)
	case Extra:
		key, what = d.B.Key, describe(d.B)
	case Value:
		key, what = d.A.Key, values(d.A.Value, d.B.Value)
	case Type:
		key, what = d.A.Key, describe(d.A)+" / "+describe(d.B)
	case TTL:
		key, what = d.A.Key, expiry(d.A.Expires)+" / "+expiry(d.B.Expires)
	}
	return fmt.Sprintf("%-8s%q  %s", d.Kind, key, what)
}

func describe(n dump.Node) string {
	what := "file of " + plural(len(n.Value), "byte")
	if n.Dir {
		what = "directory"
	}
	if !n.Expires.IsZero() {
		what += ", " + expiry(n.Expires)
	}
	return what
}

func expiry(at time.Time) string {
	if at.IsZero() {
		return "does not expire"
	}
	return "expires " + at.UTC().Format("2006-01-02T15:04:05.0Z")
}

// values shows where two values begin to differ. It does not show the values, because they may be secrets.
func values(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return fmt.Sprintf("%s / %s, different from byte %d on", plural(len(a), "byte"), plural(len(b), "byte"), at)
}

// Summary counts what was compared.
type Summary struct {
	Equal       int
	Differences [kinds]int // by Kind
	Expired     int        // nodes that only one side has, because their time is up
	Dirs        [2]int     // directories of a and b that FilesOnly left out
}

// Different returns the number of differences.
func (s Summary) Different() int {
	sum := 0
	for _, n := range s.Differences {
		sum += n
	}
	return sum
}

// String returns the summary in a sentence for people.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s equal, %s", plural(s.Equal, "node"), plural(s.Different(), "difference"))
	if s.Different() > 0 {
		var parts []string
		for kind, n := range s.Differences {
			if n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, Kind(kind)))
			}
		}
		fmt.Fprintf(&b, " (%s)", strings.Join(parts, ", "))
	}
	if s.Expired > 0 {
		fmt.Fprintf(&b, "; %s expired on one side only", plural(s.Expired, "node"))
	}
	if n := max(s.Dirs[0], s.Dirs[1]); n > 0 {
		fmt.Fprintf(&b, "; directories were not compared (%d and %d)", s.Dirs[0], s.Dirs[1])
	}
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
