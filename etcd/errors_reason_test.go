package etcd

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Every call says so where the server runs without the v2 API, and names its version; asked for once.
func TestServerWithoutTheAPI(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			text(200, `{"etcdserver":"3.5.35","etcdcluster":"3.5.0"}`)(w, r)
			return
		}
		text(404, pageMissing)(w, r)
	})
	client := connect(t, s.url)
	calls := map[string]func(ctx context.Context) error{
		"get":    func(ctx context.Context) error { _, err := client.Get(ctx, "/k"); return err },
		"exists": func(ctx context.Context) error { _, err := client.Exists(ctx, "/k"); return err },
		"set":    func(ctx context.Context) error { _, err := client.Set(ctx, "/k", "v"); return err },
		"unique": func(ctx context.Context) error {
			_, err := client.Create(ctx, "/k", "v", WithUniqueValue())
			return err
		},
		"refresh":   func(ctx context.Context) error { _, err := client.Refresh(ctx, "/k", time.Minute); return err },
		"in order":  func(ctx context.Context) error { _, err := client.CreateInOrder(ctx, "/k", "v"); return err },
		"delete":    func(ctx context.Context) error { _, err := client.Delete(ctx, "/k"); return err },
		"watch":     func(ctx context.Context) error { _, err := client.WatchOnce(ctx, "/k"); return err },
		"mirror":    func(ctx context.Context) error { _, err := client.Mirror(ctx, "/k"); return err },
		"machines":  func(ctx context.Context) error { _, err := client.Machines(ctx); return err },
		"sync":      client.Sync,
		"leader":    func(ctx context.Context) error { _, err := client.Leader(ctx); return err },
		"members":   func(ctx context.Context) error { _, err := client.Members(ctx); return err },
		"add":       func(ctx context.Context) error { _, err := client.AddMember(ctx, "http://q:1"); return err },
		"remove":    func(ctx context.Context) error { return client.RemoveMember(ctx, "a1") },
		"self":      func(ctx context.Context) error { _, err := client.SelfStats(ctx); return err },
		"store":     func(ctx context.Context) error { _, err := client.StoreStats(ctx); return err },
		"followers": func(ctx context.Context) error { _, err := client.LeaderStats(ctx); return err },
		"health":    func(ctx context.Context) error { _, err := client.Health(ctx); return err },
		"users":     func(ctx context.Context) error { _, err := client.Auth().Users(ctx); return err },
		"enable":    func(ctx context.Context) error { return client.Auth().Enable(ctx) },
		"password":  func(ctx context.Context) error { return client.Auth().ChangePassword(ctx, "a", "secret") },
		"permission": func(ctx context.Context) error {
			return client.Auth().GrantPermissions(ctx, "a", Permissions{Read: []string{"/"}})
		},
	}
	for name, call := range calls {
		err := call(t.Context())
		checkIs(t, err, ErrNotSupported)
		checkNot(t, err, ErrKeyNotFound, ErrOutcomeUnknown)
		const may = "; etcd 3.5.35 may have been started without --enable-v2, or the endpoint may be a peer URL"
		if !strings.Contains(err.Error(), ": not supported by the server: 404 page not found [") || !strings.Contains(err.Error(), may) {
			t.Errorf("%s: %v", name, err)
		}
	}
	asked := 0
	for _, request := range s.got() {
		if request == "GET /version" {
			asked++
		}
	}
	check(t, "questions for the version", asked, 2) // one is Refresh's own
}

// Words explain only what has no code.
func TestCodeNeedsNoExplanation(t *testing.T) {
	err := error(&Error{StatusCode: 500, Code: ErrRaftInternal, Message: notCapable})
	check(t, "error", explain(err), err)
	checkIs(t, explain(&Error{StatusCode: 500, Message: notCapable}), ErrAuthNotReady)
}
