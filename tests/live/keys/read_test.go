package keys_test

import (
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestGetOfWhatIsNotThere(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.Set(t.Context(), s.Dir+"/file", "1"))
		_, err := s.Client.Get(t.Context(), s.Dir+"/none")
		fails(t, etcd.ErrKeyNotFound, err)
		_, err = s.Client.Get(t.Context(), s.Dir+"/file/below")
		fails(t, etcd.ErrNotDir, err)
	})
}

func TestExists(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.Set(t.Context(), s.Dir+"/file", "1"))
		for key, want := range map[string]bool{
			"/":                   true,
			s.Dir:                 true,
			s.Dir + "/file":       true,
			s.Dir + "/none":       false,
			s.Dir + "/none/below": false,
			s.Dir + "/file/below": false,
		} {
			got, err := s.Client.Exists(t.Context(), key)
			if err != nil || got != want {
				t.Errorf("%s: %v, %v; want %v", key, got, err, want)
			}
		}
	})
}

// tree is a directory with an empty one, a hidden one and two levels of files in it.
func tree(t *testing.T, s live.Server) {
	for _, file := range []string{"/b/2", "/b/1", "/a", "/_hidden/x", "/c/d/deep"} {
		must(t)(s.Client.Set(t.Context(), s.Dir+file, file))
	}
	must(t)(s.Client.CreateDir(t.Context(), s.Dir+"/empty"))
}

func TestGetListsOneLevelOrAll(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		tree(t, s)
		for name, want := range map[string]struct {
			opts   []etcd.GetOption
			walked []string
			leaves []string
		}{
			"one level": {
				opts:   []etcd.GetOption{etcd.WithSorted()},
				walked: []string{"", "/a", "/b", "/c", "/empty"},
				leaves: []string{"/a"},
			},
			"all": {
				opts:   []etcd.GetOption{etcd.WithSorted(), etcd.WithRecursive(), etcd.WithQuorum()},
				walked: []string{"", "/a", "/b", "/b/1", "/b/2", "/c", "/c/d", "/c/d/deep", "/empty"},
				leaves: []string{"/a", "/b/1", "/b/2", "/c/d/deep"},
			},
		} {
			resp := must(t)(s.Client.Get(t.Context(), s.Dir, want.opts...))
			var walked, leaves []string
			for node := range resp.Node.Walk() {
				walked = append(walked, node.Key[len(s.Dir):])
			}
			for leaf := range resp.Node.Leaves() {
				leaves = append(leaves, leaf.Key[len(s.Dir):])
			}
			if !slices.Equal(walked, want.walked) || !slices.Equal(leaves, want.leaves) {
				t.Errorf("%s: walked %q, leaves %q", name, walked, leaves)
			}
		}
		hidden := must(t)(s.Client.Get(t.Context(), s.Dir+"/_hidden"))
		if len(hidden.Node.Nodes) != 1 {
			t.Errorf("hidden directory read directly: %+v", hidden.Node)
		}
	})
}

func TestGetOfTheRoot(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.Set(t.Context(), s.Dir, "x"))
		root := must(t)(s.Client.Get(t.Context(), "/")).Node
		if root.Key != "/" || !root.Dir || root.ModifiedIndex != 0 {
			t.Errorf("root is %+v", root)
		}
		if !slices.ContainsFunc(root.Nodes, func(n *etcd.Node) bool { return n.Key == s.Dir && n.Value == "x" }) {
			t.Errorf("root does not list %s", s.Dir)
		}
	})
}

func TestGetSeesOwnWriteWithQuorum(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		set := must(t)(s.Client.Set(t.Context(), s.Dir, "x"))
		get := must(t)(s.Client.Get(t.Context(), s.Dir, etcd.WithQuorum()))
		if get.Action != etcd.ActionGet || get.PrevNode != nil || get.Index < set.Index {
			t.Errorf("read %+v after %+v", get, set)
		}
	})
}
