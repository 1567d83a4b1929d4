package keys_test

import (
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestSetCreatesAndReplaces(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		first := must(t)(s.Client.Set(t.Context(), key, "1"))
		if first.Action != etcd.ActionSet || first.PrevNode != nil || first.Node.Value != "1" || first.Node.Key != key {
			t.Errorf("first set: %+v %+v", first, first.Node)
		}
		if i := first.Index; i == 0 || first.Node.CreatedIndex != i || first.Node.ModifiedIndex != i {
			t.Errorf("first set: indexes %d, %+v", i, first.Node)
		}
		if first.ClusterID == "" || first.RaftIndex == 0 || first.RaftTerm == 0 {
			t.Errorf("first set: headers missing: %+v", first)
		}
		second := must(t)(s.Client.Set(t.Context(), key, ""))
		if second.PrevNode == nil || second.PrevNode.Value != "1" || second.Node.Value != "" {
			t.Errorf("second set: %+v over %+v", second.Node, second.PrevNode)
		}
		if second.Node.CreatedIndex == first.Node.CreatedIndex {
			t.Error("a set is documented to count as a creation, and did not")
		}
		holds(t, s.Client, key, "")
	})
}

func TestCreateOnlyWhatDoesNotExist(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		created := must(t)(s.Client.Create(t.Context(), key, "1", etcd.WithTTL(time.Minute)))
		if created.Action != etcd.ActionCreate {
			t.Errorf("action %q", created.Action)
		}
		expiresIn(t, created.Node, time.Minute)
		_, err := s.Client.Create(t.Context(), key, "2")
		fails(t, etcd.ErrNodeExist, err)
		holds(t, s.Client, key, "1")
	})
}

func TestUpdateOnlyWhatExists(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		_, err := s.Client.Update(t.Context(), key, "1")
		fails(t, etcd.ErrKeyNotFound, err)
		set := must(t)(s.Client.Set(t.Context(), key, "1"))
		updated := must(t)(s.Client.Update(t.Context(), key, "2"))
		if updated.Action != etcd.ActionUpdate || updated.Node.CreatedIndex != set.Node.CreatedIndex {
			t.Errorf("update: %+v %+v", updated, updated.Node)
		}
		holds(t, s.Client, key, "2")
	})
}

func TestUpdateAndTTL(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		must(t)(s.Client.Set(t.Context(), key, "1", etcd.WithTTL(time.Hour)))
		kept := must(t)(s.Client.Update(t.Context(), key, "2", etcd.WithKeepTTL()))
		expiresIn(t, kept.Node, time.Hour)
		given := must(t)(s.Client.Update(t.Context(), key, "3", etcd.WithTTL(time.Minute)))
		expiresIn(t, given.Node, time.Minute)
		dropped := must(t)(s.Client.Update(t.Context(), key, "4"))
		expiresIn(t, dropped.Node, 0)
		kept = must(t)(s.Client.Update(t.Context(), key, "5", etcd.WithKeepTTL()))
		expiresIn(t, kept.Node, 0)
		holds(t, s.Client, key, "5")
	})
}

func TestSetWithoutTTLDropsTheOld(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		set := must(t)(s.Client.Set(t.Context(), key, "1", etcd.WithTTL(90*time.Second+time.Millisecond)))
		expiresIn(t, set.Node, 91*time.Second)
		expiresIn(t, must(t)(s.Client.Set(t.Context(), key, "2")).Node, 0)
	})
}

func TestKeyExpires(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		set := must(t)(s.Client.Set(t.Context(), key, "1", etcd.WithTTL(time.Second)))
		event := must(t)(s.Client.WatchOnce(t.Context(), key, etcd.WithAfterIndex(set.Index)))
		if event.Action != etcd.ActionExpire || event.PrevNode == nil || event.PrevNode.Value != "1" {
			t.Errorf("got %s of %+v", event.Action, event.PrevNode)
		}
		_, err := s.Client.Get(t.Context(), key)
		fails(t, etcd.ErrKeyNotFound, err)
	})
}

func TestCompareAndSwap(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		_, err := s.Client.CompareAndSwap(t.Context(), key, "1", etcd.Prev{Value: "0"})
		fails(t, etcd.ErrKeyNotFound, err)
		set := must(t)(s.Client.Set(t.Context(), key, "0", etcd.WithTTL(time.Minute)))
		for _, wrong := range []etcd.Prev{
			{Value: "no"},
			{Index: set.Index + 1},
			{Value: "no", Index: set.Index},
			{Value: "0", Index: set.Index + 1},
		} {
			_, err = s.Client.CompareAndSwap(t.Context(), key, "x", wrong)
			fails(t, etcd.ErrCompareFailed, err)
		}
		byIndex := must(t)(s.Client.CompareAndSwap(t.Context(), key, "1", etcd.Prev{Index: set.Index}, etcd.WithTTL(time.Hour)))
		expiresIn(t, byIndex.Node, time.Hour)
		if byIndex.Action != etcd.ActionCompareAndSwap || byIndex.Node.CreatedIndex != set.Node.CreatedIndex {
			t.Errorf("swap: %+v %+v", byIndex, byIndex.Node)
		}
		byValue := must(t)(s.Client.CompareAndSwap(t.Context(), key, "2", etcd.Prev{Value: "1"}))
		expiresIn(t, byValue.Node, 0)
		must(t)(s.Client.CompareAndSwap(t.Context(), key, "3", etcd.Prev{Value: "2", Index: byValue.Index}))
		holds(t, s.Client, key, "3")
	})
}

// An empty value cannot be compared with by etcd; the index must do.
func TestCompareAndSwapOfAnEmptyValue(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		set := must(t)(s.Client.Set(t.Context(), key, ""))
		must(t)(s.Client.CompareAndSwap(t.Context(), key, "1", etcd.Prev{Index: set.Index}))
		holds(t, s.Client, key, "1")
	})
}

func TestCreateInOrder(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		queue := s.Dir + "/queue"
		var keys []string
		for _, job := range []string{"first", "second", "third"} {
			resp := must(t)(s.Client.CreateInOrder(t.Context(), queue, job, etcd.WithTTL(time.Minute)))
			expiresIn(t, resp.Node, time.Minute)
			keys = append(keys, resp.Node.Key)
		}
		list := must(t)(s.Client.Get(t.Context(), queue, etcd.WithSorted()))
		var i int
		for node := range list.Node.Children() {
			if node.Key != keys[i] {
				t.Errorf("child %d is %s, want %s", i, node.Key, keys[i])
			}
			i++
		}
		if i != len(keys) {
			t.Errorf("%d children, want %d", i, len(keys))
		}
		must(t)(s.Client.Set(t.Context(), s.Dir+"/file", ""))
		_, err := s.Client.CreateInOrder(t.Context(), s.Dir+"/file", "job")
		fails(t, etcd.ErrNotDir, err)
		inRoot := must(t)(s.Client.CreateInOrder(t.Context(), "/", "job"))
		must(t)(s.Client.Delete(t.Context(), inRoot.Node.Key))
	})
}

func TestRefreshKeepsTheValue(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/a"
		_, err := s.Client.Refresh(t.Context(), key, time.Minute)
		fails(t, etcd.ErrKeyNotFound, err)
		set := must(t)(s.Client.Set(t.Context(), key, "1", etcd.WithTTL(time.Minute)))
		refreshed := must(t)(s.Client.Refresh(t.Context(), key, time.Hour))
		expiresIn(t, refreshed.Node, time.Hour)
		if refreshed.Node.ModifiedIndex == set.Node.ModifiedIndex {
			t.Error("a refresh moves the modified index, and did not")
		}
		holds(t, s.Client, key, "1")
		// No watch sees a refresh: the next event is the deletion.
		must(t)(s.Client.Delete(t.Context(), key))
		event := must(t)(s.Client.WatchOnce(t.Context(), key, etcd.WithAfterIndex(set.Index)))
		if event.Action != etcd.ActionDelete {
			t.Errorf("a watch saw %s", event.Action)
		}
	})
}

func TestRefreshOfADirectory(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.CreateDir(t.Context(), s.Dir, etcd.WithTTL(time.Minute)))
		refreshed, err := s.Client.Refresh(t.Context(), s.Dir, time.Hour)
		if s.Version == "3.5" {
			fails(t, etcd.ErrRaftInternal, err)
			expiresIn(t, must(t)(s.Client.Get(t.Context(), s.Dir)).Node, time.Minute)
			return
		}
		expiresIn(t, must(t)(refreshed, err).Node, time.Hour)
	})
}
