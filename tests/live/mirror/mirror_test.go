// Package mirror_test keeps mirrors of real servers.
package mirror_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestHoldsWhatARecursiveReadReturns(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx := t.Context()
		for _, key := range []string{"/b/2", "/b/1", "/a", "/b-", "/c/d/e", "/_hidden/f", "/c/_hidden"} {
			must(t)(s.Client.Set(ctx, s.Dir+key, key, etcd.WithTTL(time.Hour)))
		}
		must(t)(s.Client.CreateDir(ctx, s.Dir+"/empty"))
		last := must(t)(s.Client.CreateDir(ctx, s.Dir+"/session", etcd.WithTTL(time.Hour)))
		m := mirror(t, s.Client, s.Dir)
		holdsTheSame(t, m, s.Client, s.Dir, last.Index)

		root := mirror(t, s.Client, "/")
		if node, ok := root.Get(s.Dir + "/c/d/e"); !ok || node.Value != "/c/d/e" {
			t.Errorf("the mirror of the root has %+v", node)
		}
	})
}

func TestFollowsEveryKindOfWrite(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx := t.Context()
		must(t)(s.Client.Set(ctx, s.Dir+"/file", "1"))
		m := mirror(t, s.Client, s.Dir)
		writes := []func() (*etcd.Response, error){
			func() (*etcd.Response, error) { return s.Client.Set(ctx, s.Dir+"/file", "2") },
			func() (*etcd.Response, error) { return s.Client.Create(ctx, s.Dir+"/new/sub/file", "3") },
			func() (*etcd.Response, error) { return s.Client.Update(ctx, s.Dir+"/new/sub/file", "4") },
			func() (*etcd.Response, error) {
				return s.Client.CompareAndSwap(ctx, s.Dir+"/file", "5", etcd.Prev{Value: "2"}, etcd.WithTTL(time.Hour))
			},
			func() (*etcd.Response, error) { return s.Client.CreateInOrder(ctx, s.Dir+"/queue", "6") },
			func() (*etcd.Response, error) { return s.Client.CreateInOrder(ctx, s.Dir+"/queue", "7") },
			func() (*etcd.Response, error) { return s.Client.CreateDir(ctx, s.Dir+"/made", etcd.WithTTL(time.Hour)) },
			func() (*etcd.Response, error) { return s.Client.Set(ctx, s.Dir+"/made/in", "8") },
			func() (*etcd.Response, error) {
				return s.Client.CompareAndDelete(ctx, s.Dir+"/file", etcd.Prev{Value: "5"})
			},
			func() (*etcd.Response, error) { return s.Client.Delete(ctx, s.Dir+"/new", etcd.WithRecursive()) },
			func() (*etcd.Response, error) { return s.Client.Set(ctx, s.Dir+"/new/again", "9") },
		}
		if s.Version != "3.5" { // which cannot change a directory's TTL
			writes = append(writes, func() (*etcd.Response, error) {
				return s.Client.UpdateDir(ctx, s.Dir+"/made", etcd.WithTTL(2*time.Hour))
			})
		}
		for _, write := range writes {
			holdsTheSame(t, m, s.Client, s.Dir, must(t)(write()).Index)
		}
	})
}

// A consumer that does what it is told ends up with what is there, and is told of each node that
// goes with a directory.
func TestTellsChangesInOrder(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx := t.Context()
		must(t)(s.Client.Set(ctx, s.Dir+"/a/1", "x"))
		m := mirror(t, s.Client, s.Dir)
		steps := []func() (*etcd.Response, error){
			func() (*etcd.Response, error) { return s.Client.Set(ctx, s.Dir+"/a/2", "y") },
			func() (*etcd.Response, error) { return s.Client.Set(ctx, s.Dir+"/a/1", "z") },
			func() (*etcd.Response, error) { return s.Client.Delete(ctx, s.Dir+"/a", etcd.WithRecursive()) },
		}
		wants := [][]string{
			{"created ", "created /a", "created /a/1"},
			{"created /a/2"},
			{"updated /a/1"},
			{"deleted /a/1", "deleted /a/2", "deleted /a"},
		}
		var told []string
		for change, err := range m.Changes(soon(t)) {
			if err != nil {
				t.Fatal(err)
			}
			if change.Type == etcd.ChangeSynced {
				continue
			}
			told = append(told, change.Type.String()+" "+change.Key[len(s.Dir):])
			if len(told) < len(wants[0]) {
				continue
			}
			if !slices.Equal(told, wants[0]) {
				t.Fatalf("told %q, want %q", told, wants[0])
			}
			if told, wants = nil, wants[1:]; len(wants) == 0 {
				break
			}
			must(t)(steps[0]())
			steps = steps[1:]
		}
	})
}

func TestDirectoryExpires(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx := t.Context()
		must(t)(s.Client.Set(ctx, s.Dir+"/stays", "1"))
		must(t)(s.Client.CreateDir(ctx, s.Dir+"/session", etcd.WithTTL(2*time.Second)))
		must(t)(s.Client.Set(ctx, s.Dir+"/session/key", "2"))
		m := mirror(t, s.Client, s.Dir)
		if _, err := m.WaitFor(soon(t), s.Dir+"/session/key", missing); err != nil {
			t.Fatal(err)
		}
		holdsTheSame(t, m, s.Client, s.Dir, 0)
	})
}

func TestParentIsDeletedAndComesBack(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx := t.Context()
		dir := s.Dir + "/above/dir"
		must(t)(s.Client.Set(ctx, dir+"/a", "1"))
		m := mirror(t, s.Client, dir)
		deleted := must(t)(s.Client.Delete(ctx, s.Dir+"/above", etcd.WithRecursive()))
		if err := m.WaitIndex(soon(t), deleted.Index); err != nil {
			t.Fatal(err)
		}
		if snapshot := m.Snapshot(); snapshot.Node != nil {
			t.Errorf("left over: %+v", snapshot.Node)
		}
		holdsTheSame(t, m, s.Client, dir, must(t)(s.Client.Set(ctx, dir+"/b", "2")).Index)
	})
}

func TestDirectoryThatIsMissingAppears(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		m := mirror(t, s.Client, s.Dir+"/not/yet")
		if snapshot := m.Snapshot(); snapshot.Node != nil || snapshot.Index == 0 || m.Index() != snapshot.Index {
			t.Errorf("it begins with %+v", snapshot)
		}
		set := must(t)(s.Client.Set(t.Context(), s.Dir+"/not/yet/there", "1"))
		holdsTheSame(t, m, s.Client, s.Dir+"/not/yet", set.Index)
	})
}

// Many changes in a row: from 2.3.0 to 3.0.17 a recursive watch would lose some of them.
func TestMirrorOfAFile(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx := t.Context()
		key := s.Dir + "/file"
		must(t)(s.Client.Set(ctx, key, "0"))
		m := mirror(t, s.Client, key)
		for i := range 50 {
			must(t)(s.Client.Set(ctx, key, fmt.Sprint(i)))
		}
		if _, err := m.WaitFor(soon(t), key, file("49")); err != nil {
			t.Fatal(err)
		}
		must(t)(s.Client.Delete(ctx, key))
		if _, err := m.WaitFor(soon(t), key, missing); err != nil {
			t.Fatal(err)
		}
		holdsTheSame(t, m, s.Client, key, must(t)(s.Client.Set(ctx, key+"/is/a/directory", "now")).Index)
	})
}

func TestReadsItsOwnWrites(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx := soon(t)
		m := mirror(t, s.Client, s.Dir)
		for i := range 100 {
			set := must(t)(s.Client.Set(ctx, s.Dir+"/counter", fmt.Sprint(i)))
			if err := m.WaitIndex(ctx, set.Index); err != nil {
				t.Fatal(err)
			}
			if node, ok := m.Get(s.Dir + "/counter"); !ok || node.Value != fmt.Sprint(i) {
				t.Fatalf("after write %d the mirror has %+v", i, node)
			}
		}
	})
}

func TestCloseEndsAllThatWait(t *testing.T) {
	s := live.Latest(t)
	m := mirror(t, s.Client, s.Dir)
	ended := make(chan error)
	go func() { ended <- m.WaitIndex(t.Context(), m.Index()+1000000) }()
	go func() {
		_, err := m.WaitFor(t.Context(), s.Dir+"/never", file(""))
		ended <- err
	}()
	go func() {
		for _, err := range m.Changes(t.Context()) {
			if err != nil {
				ended <- err
			}
		}
	}()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := <-ended; !errors.Is(err, etcd.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}
