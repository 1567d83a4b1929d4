package etcd

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// While a cluster elects a leader its members hang, and answer when they are asked again.
func TestReadGoesRoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		a := net.serve(t, "a", hang, file("get", "/k", "v", 3))
		b := net.serve(t, "b", hang)
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
		err := within(t, 3*time.Second, func(ctx context.Context) error {
			_, err := client.Get(ctx, "/k", WithQuorum())
			return err
		})
		check(t, "error", err, error(nil))
		check(t, "requests", []int{len(a.got()), len(b.got())}, []int{2, 1})
	})
}

// Nothing of a write that was refused everywhere has been sent, so it goes round like a read.
func TestRefusedWriteGoesRoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.Refuse(5)
		a := net.serve(t, "a", file("set", "/k", "v", 3))
		net.serve(t, "b", file("set", "/k", "v", 3))
		client := net.connect(t, Config{Endpoints: []string{"http://b", "http://a"}})
		_, err := client.Set(t.Context(), "/k", "v")
		check(t, "error", err, error(nil))
		check(t, "requests", len(a.got()), 1)
	})
}

// Rounds end after the time that one attempt may take, when the caller has set no deadline.
func TestRoundsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		a, b := net.serve(t, "a", hang), net.serve(t, "b", hang)
		config := Config{Endpoints: []string{"http://a", "http://b"}, AttemptTimeout: 5 * time.Second}
		client := net.connect(t, config)
		start := time.Now()
		_, err := client.Get(t.Context(), "/k")
		checkNot(t, err)
		check(t, "time", time.Since(start), 10*time.Second)
		check(t, "requests", []int{len(a.got()), len(b.got())}, []int{1, 1})
	})
}

// The deadline is the reason even if it passes in the pause between two rounds.
func TestDeadlineInAPauseIsTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
		err := within(t, 10*time.Millisecond, func(ctx context.Context) error {
			_, err := client.Get(ctx, "/k")
			return err
		})
		checkIs(t, err, context.DeadlineExceeded)
	})
}
