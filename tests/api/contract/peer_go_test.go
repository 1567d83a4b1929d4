package contract

import (
	"errors"
	"testing"
	"time"

	"go.etcd.io/etcd/client/v2"

	"github.com/etcdv2/client/tests/internal/live"
)

// workClientV2 uses each call of the official client that leaves the cluster standing.
func workClientV2(t *testing.T, _, endpoint string) {
	c, err := client.New(client.Config{Endpoints: []string{endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("keys", func(t *testing.T) { workKeys(t, client.NewKeysAPI(c)) })
	t.Run("watch", func(t *testing.T) { workWatch(t, client.NewKeysAPI(c)) })
	t.Run("members", func(t *testing.T) { workMembers(t, c) })
	t.Run("auth", func(t *testing.T) { workAuth(t, c, endpoint) })
}

func workKeys(t *testing.T, keys client.KeysAPI) {
	ctx := t.Context()
	did := func(resp *client.Response, err error) *client.Response {
		t.Helper()
		return live.Must[*client.Response](t)(resp, err)
	}
	refused := func(_ *client.Response, err error) {
		t.Helper()
		if answer := (client.Error{}); !errors.As(err, &answer) {
			t.Errorf("the error is %v", err)
		}
	}
	did(keys.Set(ctx, "/a b?#%/ü", "1", nil))
	did(keys.Get(ctx, "/a b?#%/ü", &client.GetOptions{Quorum: true}))
	did(keys.Create(ctx, "/a", "1"))
	refused(keys.Create(ctx, "/a", "1"))
	did(keys.Update(ctx, "/a", "2"))
	did(keys.Set(ctx, "/a", "3", &client.SetOptions{PrevValue: "2", TTL: time.Minute}))
	refused(keys.Set(ctx, "/a", "3", &client.SetOptions{PrevValue: "2"}))
	did(keys.Set(ctx, "/a", "", &client.SetOptions{Refresh: true, TTL: time.Minute, PrevExist: client.PrevExist}))
	node := did(keys.Get(ctx, "/a", nil)).Node
	did(keys.Set(ctx, "/a", "4", &client.SetOptions{PrevIndex: node.ModifiedIndex, NoValueOnSuccess: true}))
	did(keys.Set(ctx, "/d", "", &client.SetOptions{Dir: true, PrevExist: client.PrevNoExist}))
	refused(keys.Get(ctx, "/nope", nil))
	did(keys.CreateInOrder(ctx, "/d/q", "1", &client.CreateInOrderOptions{TTL: time.Minute}))
	did(keys.Get(ctx, "/d", &client.GetOptions{Recursive: true, Sort: true}))
	did(keys.Get(ctx, "/", &client.GetOptions{Recursive: true, Sort: true}))
	refused(keys.Delete(ctx, "/a", &client.DeleteOptions{PrevValue: "x"}))
	did(keys.Delete(ctx, "/a", &client.DeleteOptions{PrevValue: "4"}))
	refused(keys.Delete(ctx, "/d", &client.DeleteOptions{Dir: true}))
	did(keys.Delete(ctx, "/d", &client.DeleteOptions{Recursive: true}))
}

func workWatch(t *testing.T, keys client.KeysAPI) {
	set := live.Must[*client.Response](t)(keys.Set(t.Context(), "/w/a", "1", nil))
	watcher := keys.Watcher("/w", &client.WatcherOptions{Recursive: true, AfterIndex: set.Node.ModifiedIndex - 1})
	for range 2 {
		live.Must[*client.Response](t)(watcher.Next(t.Context()))
		live.Must[*client.Response](t)(keys.Set(t.Context(), "/w/a", "2", nil))
	}
}

func workMembers(t *testing.T, c client.Client) {
	members := client.NewMembersAPI(c)
	list := live.Must[[]client.Member](t)(members.List(t.Context()))
	live.Must[*client.Member](t)(members.Leader(t.Context()))
	if err := members.Update(t.Context(), list[0].ID, list[0].PeerURLs); err != nil {
		t.Error(err)
	}
	if err := members.Remove(t.Context(), "deadbeef"); err == nil {
		t.Error("a member that there is not was removed")
	}
	if _, err := c.GetVersion(t.Context()); err != nil {
		t.Error(err)
	}
}

func workAuth(t *testing.T, c client.Client, endpoint string) {
	ctx := t.Context()
	works := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	auth, users, roles := client.NewAuthAPI(c), client.NewAuthUserAPI(c), client.NewAuthRoleAPI(c)
	works(roles.AddRole(ctx, "app"))
	works(second(roles.GrantRoleKV(ctx, "app", []string{"/app/*"}, client.ReadWritePermission)))
	works(second(roles.RevokeRoleKV(ctx, "app", []string{"/app/*"}, client.WritePermission)))
	works(second(roles.GetRole(ctx, "app")))
	works(second(roles.ListRoles(ctx)))
	works(users.AddUser(ctx, "root", "pw"))
	works(users.AddUser(ctx, "bob", "pw"))
	works(second(users.GrantUser(ctx, "bob", []string{"app"})))
	works(second(users.RevokeUser(ctx, "bob", []string{"app"})))
	works(second(users.ChangePassword(ctx, "bob", "new")))
	works(second(users.GetUser(ctx, "bob")))
	works(second(users.ListUsers(ctx)))
	works(auth.Enable(ctx))
	if err := users.RemoveUser(ctx, "bob"); err == nil {
		t.Error("a user was removed without credentials")
	}
	root, err := client.New(client.Config{Endpoints: []string{endpoint}, Username: "root", Password: "pw"})
	works(err)
	works(client.NewAuthUserAPI(root).RemoveUser(ctx, "bob"))
	works(client.NewAuthRoleAPI(root).RemoveRole(ctx, "app"))
	works(client.NewAuthAPI(root).Disable(ctx))
}

// second is the error of a call that has a result as well.
func second[T any](_ T, err error) error { return err }
