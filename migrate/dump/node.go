package dump

import (
	"strings"
	"time"
)

// A Node is one key or directory of the tree.
type Node struct {
	Key      string    // with its leading slash
	Value    string    // any bytes; empty for a directory
	Dir      bool      // whether it is a directory
	TTL      int64     // seconds left when it was read; 0 for a node that does not expire
	Expires  time.Time // when it expires, by the clock of the server; zero for a node that does not expire
	Created  uint64    // the etcd index of its creation
	Modified uint64    // the etcd index of its last change
}

// Compare orders nodes as the file has them: by the bytes of their keys.
func Compare(a, b Node) int {
	return strings.Compare(a.Key, b.Key)
}

// Within reports whether key is root or below it.
func Within(key, root string) bool {
	if root == "/" {
		return strings.HasPrefix(key, "/")
	}
	rest, ok := strings.CutPrefix(key, root)
	return ok && (rest == "" || rest[0] == '/')
}
