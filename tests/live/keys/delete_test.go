package keys_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestDelete(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.Set(t.Context(), s.Dir+"/d/file", "1"))
		_, err := s.Client.Delete(t.Context(), s.Dir+"/none")
		fails(t, etcd.ErrKeyNotFound, err)
		_, err = s.Client.Delete(t.Context(), s.Dir+"/d")
		fails(t, etcd.ErrNotFile, err)
		_, err = s.Client.Delete(t.Context(), s.Dir+"/d", etcd.WithDir())
		fails(t, etcd.ErrDirNotEmpty, err)
		deleted := must(t)(s.Client.Delete(t.Context(), s.Dir+"/d/file"))
		if deleted.Action != etcd.ActionDelete || deleted.PrevNode.Value != "1" || deleted.Node.Value != "" {
			t.Errorf("deleted %+v, %+v", deleted.Node, deleted.PrevNode)
		}
		must(t)(s.Client.Delete(t.Context(), s.Dir+"/d", etcd.WithDir()))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/a/b/c", "1"))
		gone := must(t)(s.Client.Delete(t.Context(), s.Dir, etcd.WithRecursive()))
		if !gone.Node.Dir {
			t.Errorf("deleted %+v, want a directory", gone.Node)
		}
		_, err = s.Client.Get(t.Context(), s.Dir+"/a/b/c")
		fails(t, etcd.ErrKeyNotFound, err)
	})
}

func TestCompareAndDelete(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		_, err := s.Client.CompareAndDelete(t.Context(), key, etcd.Prev{Value: "1"})
		fails(t, etcd.ErrKeyNotFound, err)
		for _, right := range []func(*etcd.Response) etcd.Prev{
			func(*etcd.Response) etcd.Prev { return etcd.Prev{Value: "a b&c=d+1"} },
			func(set *etcd.Response) etcd.Prev { return etcd.Prev{Index: set.Index} },
			func(set *etcd.Response) etcd.Prev { return etcd.Prev{Value: "a b&c=d+1", Index: set.Index} },
		} {
			set := must(t)(s.Client.Set(t.Context(), key, "a b&c=d+1"))
			_, err = s.Client.CompareAndDelete(t.Context(), key, etcd.Prev{Value: "2"})
			fails(t, etcd.ErrCompareFailed, err)
			_, err = s.Client.CompareAndDelete(t.Context(), key, etcd.Prev{Index: set.Index + 1})
			fails(t, etcd.ErrCompareFailed, err)
			deleted := must(t)(s.Client.CompareAndDelete(t.Context(), key, right(set)))
			if deleted.Action != etcd.ActionCompareAndDelete {
				t.Errorf("action %q", deleted.Action)
			}
		}
		must(t)(s.Client.CreateDir(t.Context(), s.Dir+"/d"))
		_, err = s.Client.CompareAndDelete(t.Context(), s.Dir+"/d", etcd.Prev{Value: "1"})
		fails(t, etcd.ErrNotFile, err)
	})
}

// A swap carries the previous value in its body and may be as long as a value. A deletion can only carry it
// in the request line, of which etcd 3.x reads 4 KiB and etcd 2.3.8 a megabyte.
func TestLongPreviousValue(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		long := strings.Repeat("x", 100_000)
		must(t)(s.Client.Set(t.Context(), s.Dir, long))
		swapped := must(t)(s.Client.CompareAndSwap(t.Context(), s.Dir, long+"y", etcd.Prev{Value: long}))
		_, err := s.Client.CompareAndDelete(t.Context(), s.Dir, etcd.Prev{Value: long + "y"})
		if s.Version == "2.3.8" {
			if err != nil {
				t.Error(err)
			}
			return
		}
		if !errors.Is(err, etcd.ErrInvalidArgument) || !strings.Contains(err.Error(), "etcd 3.") {
			t.Errorf("got %v", err)
		}
		must(t)(s.Client.CompareAndDelete(t.Context(), s.Dir, etcd.Prev{Index: swapped.Index}))
	})
}

func TestRootIsReadOnly(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		_, err := s.Client.Set(t.Context(), "/", "x")
		fails(t, etcd.ErrRootReadOnly, err)
		_, err = s.Client.Delete(t.Context(), "/", etcd.WithRecursive())
		fails(t, etcd.ErrRootReadOnly, err)
	})
}

func TestWritesBelowAFile(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.Set(t.Context(), s.Dir, "file"))
		_, err := s.Client.Set(t.Context(), s.Dir+"/below", "x")
		fails(t, etcd.ErrNotDir, err)
		_, err = s.Client.Delete(t.Context(), s.Dir+"/below")
		fails(t, etcd.ErrNotDir, err)
	})
}

func TestDirectories(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		dir, file := s.Dir+"/d", s.Dir+"/f"
		created := must(t)(s.Client.CreateDir(t.Context(), dir, etcd.WithTTL(time.Minute)))
		if !created.Node.Dir {
			t.Errorf("created %+v", created.Node)
		}
		expiresIn(t, created.Node, time.Minute)
		_, err := s.Client.CreateDir(t.Context(), dir)
		fails(t, etcd.ErrNodeExist, err)
		_, err = s.Client.Set(t.Context(), dir, "x")
		fails(t, etcd.ErrNotFile, err)
		_, err = s.Client.Update(t.Context(), dir, "x")
		fails(t, etcd.ErrNotFile, err)
		_, err = s.Client.Modify(t.Context(), dir, func(string) (string, error) { return "x", nil })
		fails(t, etcd.ErrNotFile, err)

		// A PUT of a directory over a file would replace it, and of an update empty it.
		must(t)(s.Client.Set(t.Context(), file, "kept"))
		_, err = s.Client.CreateDir(t.Context(), file)
		fails(t, etcd.ErrNodeExist, err)
		_, err = s.Client.UpdateDir(t.Context(), file, etcd.WithTTL(time.Minute))
		fails(t, etcd.ErrNotDir, err)
		_, err = s.Client.UpdateDir(t.Context(), s.Dir+"/none")
		fails(t, etcd.ErrKeyNotFound, err)
		holds(t, s.Client, file, "kept")
	})
}

func TestUpdateDir(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.CreateDir(t.Context(), s.Dir, etcd.WithTTL(time.Minute)))
		updated, err := s.Client.UpdateDir(t.Context(), s.Dir, etcd.WithTTL(time.Hour))
		if s.Version == "3.5" {
			fails(t, etcd.ErrRaftInternal, err)
			expiresIn(t, must(t)(s.Client.Get(t.Context(), s.Dir)).Node, time.Minute)
			return
		}
		expiresIn(t, must(t)(updated, err).Node, time.Hour)
		expiresIn(t, must(t)(s.Client.UpdateDir(t.Context(), s.Dir)).Node, 0)
	})
}
