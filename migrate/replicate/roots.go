package replicate

import (
	"fmt"
	"path"
	"strings"

	"github.com/etcdv2/client/migrate/dump"
)

// base is the directory in which all that this package writes for itself is. It is hidden, so no mirror has it.
const base = "/_etcd2"

// roots returns the directories to mirror, each with a mirror of its own, or an error if two of them would mirror the same
// keys.
func roots(dirs, hidden []string) ([]string, error) {
	if len(dirs) == 0 {
		dirs = []string{"/"}
	}
	all := append(dirs[:len(dirs):len(dirs)], hidden...)
	for i, root := range all {
		switch {
		case !strings.HasPrefix(root, "/") || path.Clean(root) != root:
			return nil, fmt.Errorf("replicate: %q is not a directory's key; it begins with a slash and does not end in one", root)
		case i >= len(dirs) && !strings.Contains(root, "/_"):
			return nil, fmt.Errorf("replicate: %q is not hidden: no part of it begins with an underscore", root)
		case dump.Within(root, base) || dump.Within(base, root) && root != "/":
			return nil, fmt.Errorf("replicate: %s is where the state of replications is kept", base)
		}
		for _, other := range all[:i] {
			if sees(root, other) || sees(other, root) {
				return nil, fmt.Errorf("replicate: %s and %s have keys in common", other, root)
			}
		}
	}
	return all, nil
}

// sees reports whether a mirror of root holds key: it is in it, and not hidden there.
func sees(root, key string) bool {
	return dump.Within(key, root) && !strings.Contains(key[len(strings.TrimSuffix(root, "/")):], "/_")
}

// rootOf returns which of the roots holds key, or -1.
func rootOf(roots []string, key string) int {
	for i, root := range roots {
		if sees(root, key) {
			return i
		}
	}
	return -1
}
