package v2tree

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/etcdv2/client/migrate/dump"
)

// WellKnownHidden are hidden keys of programs that many clusters have or had, to ask for before a tree is said to be
// whole.
var WellKnownHidden = []string{
	"/_coreos.com", // fleet
	"/_etcd",       // etcd 0.4 itself, and the registry of a discovery service
	"/_locks",      // python-etcd
}

// hidden is which hidden keys to read.
type hidden struct {
	below map[string][]string // names by directory
	names []string            // names that are asked for in every directory
}

func newHidden(root string, list []string) (hidden, error) {
	h := hidden{below: map[string][]string{}}
	for _, key := range list {
		dir, name := path.Split(strings.TrimSuffix(key, "/"))
		switch {
		case !strings.HasPrefix(name, "_"):
			return h, fmt.Errorf("hidden key %q: its last name does not begin with \"_\", so it is not hidden", key)
		case dir == "":
			h.names = append(h.names, name)
		case dir[0] != '/':
			return h, fmt.Errorf("hidden key %q: give a name without a slash, or a path that begins with one", key)
		case !dump.Within(path.Clean(dir), root):
			return h, fmt.Errorf("hidden key %q is not below %q", key, root)
		default:
			dir = path.Clean(dir)
			h.below[dir] = append(h.below[dir], name)
		}
	}
	for dir := range h.below {
		for ; dir != root && dir != "/"; dir = path.Dir(dir) {
			if strings.HasPrefix(path.Base(dir), "_") && !slices.Contains(h.in(path.Dir(dir)), path.Base(dir)) {
				return h, fmt.Errorf("hidden keys below %q are only read if %q is named, too", dir, dir)
			}
		}
	}
	return h, nil
}

// in returns the names of the hidden keys to read in a directory.
func (h hidden) in(dir string) []string {
	names := slices.Concat(h.below[dir], h.names)
	slices.Sort(names)
	return slices.Compact(names)
}
