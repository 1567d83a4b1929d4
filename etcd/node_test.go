package etcd

import (
	"iter"
	"slices"
	"testing"
)

// tree is a directory with files at two levels, an empty directory, and one not read to its end.
func tree() *Node {
	return &Node{Key: "/d", Dir: true, Nodes: []*Node{
		{Key: "/d/b"},
		{Key: "/d/sub", Dir: true, Nodes: []*Node{{Key: "/d/sub/x"}, {Key: "/d/sub/empty", Dir: true}, {Key: "/d/sub/y"}}},
		{Key: "/d/a"},
	}}
}

func keysOf(nodes iter.Seq[*Node]) []string {
	var keys []string
	for node := range nodes {
		keys = append(keys, node.Key)
	}
	return keys
}

func TestNodeIteratorsGiveTheServersOrder(t *testing.T) {
	check(t, "Children", keysOf(tree().Children()), []string{"/d/b", "/d/sub", "/d/a"})
	check(t, "Walk", keysOf(tree().Walk()),
		[]string{"/d", "/d/b", "/d/sub", "/d/sub/x", "/d/sub/empty", "/d/sub/y", "/d/a"})
	check(t, "Leaves", keysOf(tree().Leaves()), []string{"/d/b", "/d/sub/x", "/d/sub/y", "/d/a"})
}

func TestFileIsItsOwnLeafAndEmptyDirectoryHasNone(t *testing.T) {
	file, dir := &Node{Key: "/f"}, &Node{Key: "/d", Dir: true}
	check(t, "Leaves of a file", keysOf(file.Leaves()), []string{"/f"})
	check(t, "Walk of a file", keysOf(file.Walk()), []string{"/f"})
	check(t, "Children of a file", keysOf(file.Children()), []string(nil))
	check(t, "Leaves of an empty directory", keysOf(dir.Leaves()), []string(nil))
	check(t, "Walk of an empty directory", keysOf(dir.Walk()), []string{"/d"})
}

// A yield after it returned false would panic, so every place to stop at is tried.
func TestNodeIteratorsStopAtBreak(t *testing.T) {
	for name, nodes := range map[string]iter.Seq[*Node]{
		"Children": tree().Children(), "Walk": tree().Walk(), "Leaves": tree().Leaves(),
	} {
		all := slices.Collect(nodes)
		for stop := range all {
			var seen []*Node
			for node := range nodes {
				seen = append(seen, node)
				if len(seen) == stop+1 {
					break
				}
			}
			check(t, name, seen, all[:stop+1])
		}
	}
}
