package legacy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/legacy"
	"github.com/etcdv2/client/tests/internal/live"
)

// Every call on keys does what it says, whichever member the client knows.
func TestKeys(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		set := must(t)(client.Set(ctx, "/d/a", "1"))
		if set.Action != etcd.ActionSet || set.Index != set.Node.ModifiedIndex || set.ClusterID != "" {
			t.Errorf("set: %+v", set)
		}
		created := must(t)(client.Create(ctx, "/d/b", "1", etcd.WithTTL(time.Hour)))
		updated := must(t)(client.Update(ctx, "/d/b", "2", etcd.WithKeepTTL()))
		if late := updated.Node.Expiration.Sub(created.Node.Expiration); late.Abs() > time.Second || updated.Node.CreatedIndex != created.Index {
			t.Errorf("updated: %+v", updated.Node)
		}
		if updated = must(t)(client.Update(ctx, "/d/b", "3")); updated.Action != etcd.ActionUpdate || !updated.Node.Expiration.IsZero() {
			t.Errorf("updated: %+v", updated)
		}
		if updated = must(t)(client.Update(ctx, "/d/b", "")); updated.Node.Value != "" {
			t.Errorf("emptied: %+v", updated.Node)
		}
		swapped := must(t)(client.CompareAndSwap(ctx, "/d/a", "2", etcd.Prev{Value: "1", Index: set.Index}))
		if swapped.PrevNode.Value != "1" || swapped.Node.Value != "2" {
			t.Errorf("swapped: %+v, %+v", swapped.Node, swapped.PrevNode)
		}
		modified := must(t)(client.Modify(ctx, "/d/a", func(v string) (string, error) { return v + "3", nil }, etcd.WithTTL(time.Hour)))
		if modified.Node.Value != "23" || modified.Node.TTL != time.Hour {
			t.Errorf("modified: %+v", modified.Node)
		}
		refreshed := must(t)(client.Refresh(ctx, "/d/a", 2*time.Hour))
		if refreshed.Node.Value != "23" || refreshed.Node.TTL != 2*time.Hour {
			t.Errorf("refreshed: %+v", refreshed.Node)
		}
		must(t)(client.CompareAndDelete(ctx, "/d/a", etcd.Prev{Index: refreshed.Index}))
		if live.Must[bool](t)(client.Exists(ctx, "/d/a")) || !live.Must[bool](t)(client.Exists(ctx, "/d/b")) {
			t.Error("Exists does not know what there is")
		}
		must(t)(client.Delete(ctx, "/d/b"))
		must(t)(client.Delete(ctx, "/d", etcd.WithDir()))
		if _, err := client.Get(ctx, "/d"); !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Errorf("deleted: %v", err)
		}
		root := must(t)(client.Get(ctx, "/"))
		if root.Node.Key != "/" || !root.Node.Dir || root.Index == 0 {
			t.Errorf("root: %+v at %d", root.Node, root.Index)
		}
	})
}

func TestDirectories(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		made := must(t)(client.CreateDir(ctx, "/d", etcd.WithTTL(time.Hour)))
		for i := range 12 { // the names get longer, and must not change places
			must(t)(client.CreateInOrder(ctx, "/d", fmt.Sprint(i)))
		}
		updated := must(t)(client.UpdateDir(ctx, "/d", etcd.WithTTL(2*time.Hour)))
		if !updated.Node.Dir || updated.Node.TTL != 2*time.Hour || updated.Index <= made.Index {
			t.Errorf("updated: %+v at %d", updated.Node, updated.Index)
		}
		if _, err := client.Delete(ctx, "/d", etcd.WithDir()); !errors.Is(err, etcd.ErrDirNotEmpty) {
			t.Errorf("deleted though not empty: %v", err)
		}
		read := must(t)(client.Get(ctx, "/d", etcd.WithQuorum(), etcd.WithSorted(), etcd.WithRecursive()))
		slices.SortFunc(read.Node.Nodes, func(a, b *etcd.Node) int { return int(a.CreatedIndex) - int(b.CreatedIndex) })
		var values []string
		for child := range read.Node.Children() {
			values = append(values, child.Value)
		}
		if got := strings.Join(values, " "); got != "0 1 2 3 4 5 6 7 8 9 10 11" {
			t.Errorf("in order: %s", got)
		}
		must(t)(client.Delete(ctx, "/d", etcd.WithRecursive()))
	})
}

func TestRefusals(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		must(t)(client.Set(ctx, "/f", "True"))
		must(t)(client.Set(ctx, "/d/x", "1"))
		for name, refused := range map[string]struct {
			err  error
			want error
		}{
			"create":            {live.Err(client.Create(ctx, "/f", "1")), etcd.ErrNodeExist},
			"update":            {live.Err(client.Update(ctx, "/no", "1")), etcd.ErrKeyNotFound},
			"compare a value":   {live.Err(client.CompareAndSwap(ctx, "/f", "1", etcd.Prev{Value: "no"})), etcd.ErrCompareFailed},
			"compare an index":  {live.Err(client.CompareAndSwap(ctx, "/f", "1", etcd.Prev{Index: 1})), etcd.ErrCompareFailed},
			"compare a word":    {live.Err(client.CompareAndSwap(ctx, "/f", "1", etcd.Prev{Value: "FALSE"})), etcd.ErrCompareFailed},
			"delete a word":     {live.Err(client.CompareAndDelete(ctx, "/f", etcd.Prev{Value: "False"})), etcd.ErrCompareFailed},
			"compare both":      {live.Err(client.CompareAndSwap(ctx, "/f", "1", etcd.Prev{Value: "False", Index: 1})), etcd.ErrCompareFailed},
			"delete":            {live.Err(client.Delete(ctx, "/no")), etcd.ErrKeyNotFound},
			"delete a dir":      {live.Err(client.Delete(ctx, "/d")), etcd.ErrNotFile},
			"set a dir":         {live.Err(client.Set(ctx, "/d", "1")), etcd.ErrNotFile},
			"below a file":      {live.Err(client.Set(ctx, "/f/x", "1")), etcd.ErrNotDir},
			"read below a file": {live.Err(client.Get(ctx, "/f/x")), etcd.ErrNotDir},
			"quorum":            {live.Err(client.Get(ctx, "/no", etcd.WithQuorum())), etcd.ErrKeyNotFound},
			"root":              {live.Err(client.Delete(ctx, "/", etcd.WithRecursive())), etcd.ErrRootReadOnly},
			"no TTL for a dir":  {live.Err(client.UpdateDir(ctx, "/d")), etcd.ErrValueOrTTLRequired},
		} {
			if !errors.Is(refused.err, refused.want) || errors.Is(refused.err, etcd.ErrOutcomeUnknown) {
				t.Errorf("%s: %v, want %v", name, refused.err, refused.want)
			}
		}
	})
}

// The words true and false are stored in lower case.
func TestWords(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		must(t)(client.Set(ctx, "/w", "True"))
		must(t)(client.CompareAndSwap(ctx, "/w", "FALSE", etcd.Prev{Value: "TRUE"}))
		if got := must(t)(client.Get(ctx, "/w")).Node.Value; got != "false" {
			t.Errorf("holds %q", got)
		}
		must(t)(client.CompareAndDelete(ctx, "/w", etcd.Prev{Value: "False"}))
	})
}

// The header of a quorum read tells the index of the node. The response tells one of the store, behind which
// nothing is missed, and before which nothing is repeated.
func TestQuorumReadTellsTheStoresIndex(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		must(t)(client.Set(ctx, "/d/a", "1"))
		last := c.Write("/other", 50)
		for _, key := range []string{"/", "/d", "/d/a"} {
			if got := must(t)(client.Get(ctx, key, etcd.WithQuorum())).Index; got != last {
				t.Errorf("%s: index %d, want %d", key, got, last)
			}
		}
	})
}

// The index takes another quorum read, each of which 0.x writes to its log.
func TestQuorumReadsAreTwoRequests(t *testing.T) {
	c := legacy.Start(t, 1)
	client, leader := live.Client(t, c.Endpoints()...), c.Leader()
	must(t)(client.Get(soon(t), "/", etcd.WithQuorum())) // then the client knows
	before := len(leader.Requests())
	must(t)(client.Get(soon(t), "/", etcd.WithQuorum()))
	if got := leader.Requests()[before:]; len(got) != 2 {
		t.Errorf("requests: %q", got)
	}
}

func TestKeysExpire(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		made := must(t)(client.Set(ctx, "/e", "1", etcd.WithTTL(time.Second)))
		if left := time.Until(made.Node.Expiration); left > time.Second || left < -time.Minute {
			t.Errorf("expires in %v", left) // the server's zone is not UTC
		}
		event := must(t)(client.WatchOnce(ctx, "/e", etcd.WithAfterIndex(made.Index)))
		if event.Action != etcd.ActionExpire || event.PrevNode.Value != "1" {
			t.Errorf("expired: %+v", event)
		}
		dir := must(t)(client.CreateDir(ctx, "/dir", etcd.WithTTL(time.Second)))
		event = must(t)(client.WatchOnce(ctx, "/dir", etcd.WithRecursive(), etcd.WithAfterIndex(dir.Index)))
		if event.Action != etcd.ActionExpire || event.PrevNode == nil || !event.PrevNode.Dir {
			t.Errorf("expired: %+v", event)
		}
	})
}

// A key on a member that is behind is looked for once more, with a quorum read.
func TestAMemberThatIsBehindProvesNoAbsence(t *testing.T) {
	c := legacy.Start(t, 3)
	follower := c.Followers()[0]
	client, ctx := live.Client(t, follower.URL()), soon(t)
	must(t)(client.Set(ctx, "/a", "1"))
	follower.SetLag(legacy.Whole)
	must(t)(client.Set(ctx, "/b", "1"))
	behind := live.Client(t, follower.URL(), c.Leader().URL())
	for range 10 {
		must(t)(behind.Set(ctx, "/c", "1"))
		must(t)(behind.Get(ctx, "/c"))
	}
	must(t)(client.Get(ctx, "/b"))
	if !live.Must[bool](t)(client.Exists(ctx, "/b")) {
		t.Error("/b is not there")
	}
}
