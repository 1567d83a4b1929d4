package locking

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// newClient returns a client of a member that no test here asks.
func newClient(t *testing.T) *etcd.Client {
	t.Helper()
	client, err := etcd.New(etcd.Config{Endpoints: []string{"http://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestNilOptionsChangeNothing(t *testing.T) {
	var absent Option
	c := newConfig([]Option{absent, WithTTL(7 * time.Second), nil})
	if c.err != nil || c.ttl != 7*time.Second {
		t.Errorf("config is %+v", c)
	}
}

func TestNilMutexesWorkAndClientsAreRefused(t *testing.T) {
	work := func(context.Context, *Lock) error { return nil }
	mutex := NewMutex(newClient(t), "/locks/a")
	for name, call := range map[string]func() error{
		"no mutex":            func() error { return Do(t.Context(), nil, work) },
		"no work":             func() error { return Do(t.Context(), mutex, nil) },
		"mutex of nobody":     func() error { _, err := NewMutex(nil, "/locks/a").TryLock(t.Context()); return err },
		"its queue":           func() error { _, err := NewMutex(nil, "/locks/a").Queue(t.Context()); return err },
		"semaphore of nobody": func() error { _, err := NewSemaphore(nil, "/locks/a", 2).Lock(t.Context()); return err },
		"readers of nobody":   func() error { _, err := NewRWMutex(nil, "/locks/a").RLock(t.Context()); return err },
	} {
		if err := call(); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
