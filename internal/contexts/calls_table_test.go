package contexts_test

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// call makes a call. Its result is nil for a call that returns only an error.
type call func(ctx context.Context, f *fixture) (any, error)

// last returns the error that ends a loop.
func last[T any](loop iter.Seq2[T, error]) (any, error) {
	for _, err := range loop {
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func never(*etcd.Node) bool             { return false }
func same(value string) (string, error) { return value, nil }

// work is work under a lock, or what a leader does.
func work[T any](context.Context, *T) error            { return errors.New("it was called") }
func lead(ctx context.Context, _ *election.Term) error { <-ctx.Done(); return nil }
func permissions() etcd.Permissions                    { return etcd.Permissions{Read: []string{"/a"}} }

func (f *fixture) lock() locking.Acquirer { return locking.NewMutex(f.client, "/locks/new") }

func (f *fixture) rw() *locking.RWMutex { return locking.NewRWMutex(f.client, "/locks/rw") }

func (f *fixture) semaphore() *locking.Semaphore {
	return locking.NewSemaphore(f.client, "/locks/s", 2)
}

func (f *fixture) free() *locking.Mutex                    { return locking.NewMutex(f.client, "/locks/free") }
func health(_ []etcd.MemberHealth, err error) (any, error) { return nil, err } // it says of each member that the call ended

// reads are all calls of the library with a context that change nothing.
var reads = map[string]call{
	"etcd.Client.Get":           func(ctx context.Context, f *fixture) (any, error) { return f.client.Get(ctx, "/d/k") },
	"etcd.Client.Exists":        func(ctx context.Context, f *fixture) (any, error) { return f.client.Exists(ctx, "/d/k") },
	"etcd.Client.Mirror":        func(ctx context.Context, f *fixture) (any, error) { return f.client.Mirror(ctx, "/d") },
	"etcd.Client.Watch":         func(ctx context.Context, f *fixture) (any, error) { return last(f.client.Watch(ctx, "/d/k")) },
	"etcd.Client.WatchOnce":     func(ctx context.Context, f *fixture) (any, error) { return f.client.WatchOnce(ctx, "/d/k") },
	"etcd.Client.Health":        func(ctx context.Context, f *fixture) (any, error) { return health(f.client.Health(ctx)) },
	"etcd.Client.Machines":      func(ctx context.Context, f *fixture) (any, error) { return f.client.Machines(ctx) },
	"etcd.Client.Leader":        func(ctx context.Context, f *fixture) (any, error) { return f.client.Leader(ctx) },
	"etcd.Client.Members":       func(ctx context.Context, f *fixture) (any, error) { return f.client.Members(ctx) },
	"etcd.Client.SelfStats":     func(ctx context.Context, f *fixture) (any, error) { return f.client.SelfStats(ctx) },
	"etcd.Client.StoreStats":    func(ctx context.Context, f *fixture) (any, error) { return f.client.StoreStats(ctx) },
	"etcd.Client.LeaderStats":   func(ctx context.Context, f *fixture) (any, error) { return f.client.LeaderStats(ctx) },
	"etcd.Client.Version":       func(ctx context.Context, f *fixture) (any, error) { return f.client.Version(ctx) },
	"etcd.Client.Sync":          func(ctx context.Context, f *fixture) (any, error) { return nil, f.client.Sync(ctx) },
	"etcd.Discovery.Endpoints":  func(ctx context.Context, f *fixture) (any, error) { return f.discovery.Endpoints(ctx) },
	"etcd.Mirror.Snapshots":     func(ctx context.Context, f *fixture) (any, error) { return last(f.mirror.Snapshots(ctx)) },
	"etcd.Mirror.Changes":       func(ctx context.Context, f *fixture) (any, error) { return last(f.mirror.Changes(ctx)) },
	"etcd.Mirror.WaitFor":       func(ctx context.Context, f *fixture) (any, error) { return f.mirror.WaitFor(ctx, "/d/k", never) },
	"etcd.Mirror.WaitIndex":     func(ctx context.Context, f *fixture) (any, error) { return nil, f.mirror.WaitIndex(ctx, 1e6) },
	"etcd.Auth.Enabled":         func(ctx context.Context, f *fixture) (any, error) { return f.client.Auth().Enabled(ctx) },
	"etcd.Auth.Roles":           func(ctx context.Context, f *fixture) (any, error) { return f.client.Auth().Roles(ctx) },
	"etcd.Auth.Role":            func(ctx context.Context, f *fixture) (any, error) { return f.client.Auth().Role(ctx, "a") },
	"etcd.Auth.Users":           func(ctx context.Context, f *fixture) (any, error) { return f.client.Auth().Users(ctx) },
	"etcd.Auth.User":            func(ctx context.Context, f *fixture) (any, error) { return f.client.Auth().User(ctx, "a") },
	"locking.Mutex.Holder":      func(ctx context.Context, f *fixture) (any, error) { return f.mutex.Holder(ctx) },
	"locking.Mutex.Queue":       func(ctx context.Context, f *fixture) (any, error) { return f.mutex.Queue(ctx) },
	"locking.Mutex.Observe":     func(ctx context.Context, f *fixture) (any, error) { return last(f.mutex.Observe(ctx)) },
	"locking.RWMutex.Holders":   func(ctx context.Context, f *fixture) (any, error) { return f.rw().Holders(ctx) },
	"locking.RWMutex.Queue":     func(ctx context.Context, f *fixture) (any, error) { return f.rw().Queue(ctx) },
	"locking.Semaphore.Holders": func(ctx context.Context, f *fixture) (any, error) { return f.semaphore().Holders(ctx) },
	"locking.Semaphore.Queue":   func(ctx context.Context, f *fixture) (any, error) { return f.semaphore().Queue(ctx) },
	"election.Election.Leader":  func(ctx context.Context, f *fixture) (any, error) { return f.election.Leader(ctx) },
	"election.Election.Candidates": func(ctx context.Context, f *fixture) (any, error) {
		return f.election.Candidates(ctx)
	},
	"election.Election.Observe": func(ctx context.Context, f *fixture) (any, error) { return last(f.election.Observe(ctx)) },
}

// writes are all other calls of the library with a context.
var writes = map[string]call{
	"etcd.Client.Set":    func(ctx context.Context, f *fixture) (any, error) { return f.client.Set(ctx, "/n", "v") },
	"etcd.Client.Create": func(ctx context.Context, f *fixture) (any, error) { return f.client.Create(ctx, "/n", "v") },
	"etcd.Client.Create, unique": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.Create(ctx, "/n", "v", etcd.WithUniqueValue())
	},
	"etcd.Client.Update": func(ctx context.Context, f *fixture) (any, error) { return f.client.Update(ctx, "/d/k", "v") },
	"etcd.Client.Update, TTL": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.Update(ctx, "/d/k", "v", etcd.WithKeepTTL())
	},
	"etcd.Client.CompareAndSwap": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.CompareAndSwap(ctx, "/d/k", "w", etcd.Prev{Value: "v"})
	},
	"etcd.Client.CompareAndSwap, unique": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.CompareAndSwap(ctx, "/d/k", "w", etcd.Prev{Value: "v"}, etcd.WithUniqueValue())
	},
	"etcd.Client.CreateInOrder": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.CreateInOrder(ctx, "/d", "v", etcd.WithUniqueValue())
	},
	"etcd.Client.CreateDir": func(ctx context.Context, f *fixture) (any, error) { return f.client.CreateDir(ctx, "/n") },
	"etcd.Client.UpdateDir": func(ctx context.Context, f *fixture) (any, error) { return f.client.UpdateDir(ctx, "/d") },
	"etcd.Client.Delete":    func(ctx context.Context, f *fixture) (any, error) { return f.client.Delete(ctx, "/d/k") },
	"etcd.Client.CompareAndDelete": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.CompareAndDelete(ctx, "/d/k", etcd.Prev{Value: "v"})
	},
	"etcd.Client.Modify":  func(ctx context.Context, f *fixture) (any, error) { return f.client.Modify(ctx, "/d/k", same) },
	"etcd.Client.Refresh": func(ctx context.Context, f *fixture) (any, error) { return f.client.Refresh(ctx, "/d/k", time.Minute) },
	"etcd.Client.Register": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.Register(ctx, "/d/k", "v", time.Hour)
	},
	"etcd.Registration.SetValue": func(ctx context.Context, f *fixture) (any, error) { return nil, f.registered.SetValue(ctx, "w") },
	"etcd.Registration.Close":    func(ctx context.Context, f *fixture) (any, error) { return nil, f.registered.Close(ctx) },
	"etcd.Client.AddMember": func(ctx context.Context, f *fixture) (any, error) {
		return f.client.AddMember(ctx, "http://b:2380")
	},
	"etcd.Client.UpdateMember": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.UpdateMember(ctx, "a1", "http://b:2380")
	},
	"etcd.Client.RemoveMember": func(ctx context.Context, f *fixture) (any, error) { return nil, f.client.RemoveMember(ctx, "a1") },
	"etcd.Auth.Enable":         func(ctx context.Context, f *fixture) (any, error) { return nil, f.client.Auth().Enable(ctx) },
	"etcd.Auth.Disable":        func(ctx context.Context, f *fixture) (any, error) { return nil, f.client.Auth().Disable(ctx) },
	"etcd.Auth.CreateRole": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.Auth().CreateRole(ctx, "a", permissions())
	},
	"etcd.Auth.DeleteRole": func(ctx context.Context, f *fixture) (any, error) { return nil, f.client.Auth().DeleteRole(ctx, "a") },
	"etcd.Auth.GrantPermissions": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.Auth().GrantPermissions(ctx, "a", permissions())
	},
	"etcd.Auth.RevokePermissions": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.Auth().RevokePermissions(ctx, "a", permissions())
	},
	"etcd.Auth.CreateUser": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.Auth().CreateUser(ctx, "a", "b")
	},
	"etcd.Auth.DeleteUser": func(ctx context.Context, f *fixture) (any, error) { return nil, f.client.Auth().DeleteUser(ctx, "a") },
	"etcd.Auth.ChangePassword": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.Auth().ChangePassword(ctx, "a", "b")
	},
	"etcd.Auth.GrantRoles": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.Auth().GrantRoles(ctx, "a", "b")
	},
	"etcd.Auth.RevokeRoles": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.client.Auth().RevokeRoles(ctx, "a", "b")
	},

	"locking.Do":               func(ctx context.Context, f *fixture) (any, error) { return nil, locking.Do(ctx, f.lock(), work) },
	"locking.Mutex.Lock":       func(ctx context.Context, f *fixture) (any, error) { return f.mutex.Lock(ctx) },
	"locking.Mutex.Lock, free": func(ctx context.Context, f *fixture) (any, error) { return f.free().Lock(ctx) },
	"locking.Mutex.TryLock":    func(ctx context.Context, f *fixture) (any, error) { return f.free().TryLock(ctx) },
	"locking.RWMutex.Lock":     func(ctx context.Context, f *fixture) (any, error) { return f.rw().Lock(ctx) },
	"locking.RWMutex.TryLock":  func(ctx context.Context, f *fixture) (any, error) { return f.rw().TryLock(ctx) },
	"locking.RWMutex.RLock":    func(ctx context.Context, f *fixture) (any, error) { return f.rw().RLock(ctx) },
	"locking.RWMutex.TryRLock": func(ctx context.Context, f *fixture) (any, error) { return f.rw().TryRLock(ctx) },
	"locking.Semaphore.Lock":   func(ctx context.Context, f *fixture) (any, error) { return f.semaphore().Lock(ctx) },
	"locking.Semaphore.TryLock": func(ctx context.Context, f *fixture) (any, error) {
		return f.semaphore().TryLock(ctx)
	},
	"locking.Lock.Extend":   func(ctx context.Context, f *fixture) (any, error) { return nil, f.held.Extend(ctx, time.Hour) },
	"locking.Lock.SetValue": func(ctx context.Context, f *fixture) (any, error) { return nil, f.held.SetValue(ctx, "w") },
	"locking.Mutex.Remove": func(ctx context.Context, f *fixture) (any, error) {
		return nil, f.free().Remove(ctx, locking.Contender{Key: f.held.Key(), Token: f.held.Token()})
	},
	"locking.Lock.Unlock": func(ctx context.Context, f *fixture) (any, error) { return nil, f.held.Unlock(ctx) },

	"election.Election.Campaign": func(ctx context.Context, f *fixture) (any, error) { return f.election.Campaign(ctx, "b") },
	"election.Election.Remove":   func(ctx context.Context, f *fixture) (any, error) { return nil, f.election.Remove(ctx, "b") },
	"election.Election.Run, leading": func(ctx context.Context, f *fixture) (any, error) {
		return nil, election.New(f.client, "/f").Run(ctx, "b", lead)
	},
	"election.Election.Run":  func(ctx context.Context, f *fixture) (any, error) { return nil, f.election.Run(ctx, "b", work) },
	"election.Term.Proclaim": func(ctx context.Context, f *fixture) (any, error) { return nil, f.term.Proclaim(ctx, "b") },
	"election.Term.Resign":   func(ctx context.Context, f *fixture) (any, error) { return nil, f.term.Resign(ctx) },
}

// without are the functions with a context that make no call, or have no error to return.
var without = map[string]string{
	"locking.NewLocker": "makes no call; the Lock of what it returns panics with the text of an error",
}
