package dump

import "time"

const (
	format  = "etcd-v2-tree"
	version = 1

	// maxLine is the longest line. Etcd takes values of up to 10 MiB, and JSON may write a byte as six.
	maxLine = 64 << 20
)

// Header is the first line of a file.
type Header struct {
	Cluster string    // the cluster's ID in hexadecimal; empty before etcd 2.0
	Server  string    // the version of a member
	Index   uint64    // the etcd index of the first read
	Root    string    // what was exported; "/" is the whole tree
	Hidden  []string  // the hidden keys that were asked for
	Started time.Time // when the export began
}

// Footer is the last line of a file. Writer fills in Nodes and SHA256.
type Footer struct {
	Nodes       int
	SHA256      string
	Index       uint64 // the highest etcd index that a read has seen
	PointInTime bool   // whether every read saw the same index
}
