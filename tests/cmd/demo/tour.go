package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
)

// tour is what the demo shows.
type tour struct {
	client  *etcd.Client
	cluster *etcdtest.Cluster
}

type step struct {
	title string
	do    func(context.Context) error
}

func (t *tour) steps() []step {
	return []step{
		{"Who is there", t.members},
		{"Write a key and read it", t.write},
		{"A key that expires", t.expire},
		{"List a directory", t.list},
		{"Compare-and-swap: one wins, one loses", t.compareAndSwap},
		{"Two writers count to 200 together", t.modify},
		{"Watch a directory", t.watch},
		{"A local copy that keeps itself current", t.mirror},
		{"A queue of in-order keys", t.queue},
		{"A lock that two want", t.lock},
		{"An election", t.elect},
		{"The leader is stopped, and work goes on", t.failover},
	}
}

// say prints a line of a step.
func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

func (t *tour) members(ctx context.Context) error {
	machines, err := t.client.Machines(ctx)
	if err != nil {
		return err
	}
	leader, err := t.client.Leader(ctx)
	if err != nil {
		return err
	}
	version, err := t.client.Version(ctx)
	if err != nil {
		return err
	}
	for _, machine := range machines {
		say("member at %s", machine)
	}
	say("%s leads; all run etcd %s", leader.Name, version.Server)
	return nil
}

func (t *tour) write(ctx context.Context) error {
	set, err := t.client.Set(ctx, "/greeting", "hello, world")
	if err != nil {
		return err
	}
	say("wrote /greeting, which is change number %d of the store", set.Index)
	get, err := t.client.Get(ctx, "/greeting", etcd.WithQuorum())
	if err != nil {
		return err
	}
	say("read it back: %q", get.Node.Value)
	_, err = t.client.Get(ctx, "/farewell")
	if !errors.Is(err, etcd.ErrKeyNotFound) {
		return fmt.Errorf("read of a key that is not there: %w", err)
	}
	say("a key that is not there: %v", err)
	return nil
}

func (t *tour) expire(ctx context.Context) error {
	set, err := t.client.Set(ctx, "/session", "alice", etcd.WithTTL(time.Second))
	if err != nil {
		return err
	}
	say("wrote /session with a TTL of %v, and wait for what happens to it", set.Node.TTL)
	event, err := t.client.WatchOnce(ctx, "/session", etcd.WithAfterIndex(set.Index))
	if err != nil {
		return err
	}
	say("it got the event %q; its value was %q", event.Action, event.PrevNode.Value)
	return nil
}

func (t *tour) list(ctx context.Context) error {
	for key, value := range map[string]string{"/nodes/db/n3": "down", "/nodes/web/n1": "up", "/nodes/web/n2": "up"} {
		if _, err := t.client.Set(ctx, key, value); err != nil {
			return err
		}
	}
	list, err := t.client.Get(ctx, "/nodes", etcd.WithRecursive(), etcd.WithSorted())
	if err != nil {
		return err
	}
	for leaf := range list.Node.Leaves() {
		say("%s = %s", leaf.Key, leaf.Value)
	}
	return nil
}

func (t *tour) compareAndSwap(ctx context.Context) error {
	if _, err := t.client.Create(ctx, "/door", "closed"); err != nil {
		return err
	}
	say("the door is closed; two want to open it, if it is closed")
	if _, err := t.client.CompareAndSwap(ctx, "/door", "opened by ann", etcd.Prev{Value: "closed"}); err != nil {
		return err
	}
	say("ann wins")
	_, err := t.client.CompareAndSwap(ctx, "/door", "opened by bob", etcd.Prev{Value: "closed"})
	if !errors.Is(err, etcd.ErrCompareFailed) {
		return fmt.Errorf("second swap: %w", err)
	}
	say("bob loses: %v", err)
	return nil
}

func (t *tour) modify(ctx context.Context) error {
	const each = 100
	if _, err := t.client.Set(ctx, "/counter", "0"); err != nil {
		return err
	}
	increment := func(current string) (string, error) {
		n, err := strconv.Atoi(current)
		return strconv.Itoa(n + 1), err
	}
	var writers sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		writers.Go(func() {
			for range each {
				if _, err := t.client.Modify(ctx, "/counter", increment); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	writers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	get, err := t.client.Get(ctx, "/counter", etcd.WithQuorum())
	if err != nil {
		return err
	}
	if get.Node.Value != strconv.Itoa(2*each) {
		return fmt.Errorf("the counter stands at %s", get.Node.Value)
	}
	say("each added 1 a hundred times; the counter stands at %s, nothing was lost", get.Node.Value)
	return nil
}

func (t *tour) watch(ctx context.Context) error {
	from, err := t.client.Get(ctx, "/nodes")
	if err != nil {
		return err
	}
	say("somebody changes three keys while nobody looks")
	for _, key := range []string{"/nodes/web/n1", "/nodes/web/n4", "/nodes/db/n3"} {
		if _, err := t.client.Set(ctx, key, "changed"); err != nil {
			return err
		}
	}
	say("a watch from the point at which the directory was read misses none:")
	seen := 0
	for event, err := range t.client.Watch(ctx, "/nodes", etcd.WithRecursive(), etcd.WithAfterIndex(from.Index)) {
		if err != nil {
			return err
		}
		say("event %d: %s %s", event.Index, event.Action, event.Node.Key)
		if seen++; seen == 3 {
			break
		}
	}
	return nil
}

func (t *tour) mirror(ctx context.Context) error {
	mirror, err := t.client.Mirror(ctx, "/nodes")
	if err != nil {
		return err
	}
	defer mirror.Close()
	set, err := t.client.Set(ctx, "/nodes/web/n5", "up")
	if err != nil {
		return err
	}
	if err := mirror.WaitIndex(ctx, set.Index); err != nil {
		return err
	}
	node, ok := mirror.Get("/nodes/web/n5")
	if !ok {
		return fmt.Errorf("the mirror lacks %s", set.Node.Key)
	}
	say("wrote %s; without asking the server, its mirror says %q", node.Key, node.Value)
	if _, err := t.client.Delete(ctx, "/nodes/web", etcd.WithRecursive()); err != nil {
		return err
	}
	gone := func(n *etcd.Node) bool { return n == nil }
	if _, err := mirror.WaitFor(ctx, "/nodes/web/n5", gone); err != nil {
		return err
	}
	say("somebody deletes /nodes/web; what the mirror still holds, as of index %d:", mirror.Index())
	for leaf := range mirror.Snapshot().Leaves() {
		say("%s = %s", leaf.Key, leaf.Value)
	}
	return nil
}

func (t *tour) queue(ctx context.Context) error {
	for _, job := range []string{"wash", "rinse", "dry"} {
		resp, err := t.client.CreateInOrder(ctx, "/queue", job)
		if err != nil {
			return err
		}
		say("queued %q as %s", job, resp.Node.Key)
	}
	list, err := t.client.Get(ctx, "/queue", etcd.WithSorted())
	if err != nil {
		return err
	}
	for job := range list.Node.Children() {
		if _, err := t.client.CompareAndDelete(ctx, job.Key, etcd.Prev{Index: job.ModifiedIndex}); err != nil {
			return err
		}
		say("took %q", job.Value)
	}
	return nil
}

func (t *tour) failover(ctx context.Context) error {
	leader, err := t.cluster.Leader(ctx)
	if err != nil {
		return err
	}
	say("stopping %s at %s", leader.Name(), leader.URL())
	if err := leader.Kill(); err != nil {
		return err
	}
	start := time.Now()
	if _, err := t.client.Get(ctx, "/greeting"); err != nil {
		return err
	}
	say("reads go on at once")
	next, err := t.leaderAfter(ctx, leader.Name())
	if err != nil {
		return err
	}
	say("%s leads after %v", next.Name, time.Since(start).Round(time.Millisecond))
	if err := t.writeUntilDone(ctx); err != nil {
		return err
	}
	say("writes go on too, by the same client")
	get, err := t.client.Get(ctx, "/greeting", etcd.WithQuorum())
	if err != nil {
		return err
	}
	say("and what was written before is there: %q", get.Node.Value)
	return nil
}

// leaderAfter asks until the remaining members have noticed that stopped is gone and elected another.
func (t *tour) leaderAfter(ctx context.Context, stopped string) (leader etcd.Member, err error) {
	err = until(func() (bool, error) {
		var err error
		leader, err = t.client.Leader(ctx)
		if errors.Is(err, etcd.ErrLeaderElect) {
			return false, nil
		}
		return leader.Name != stopped, err
	})
	return leader, err
}

// until looks again and again until it is done, or fails.
func until(look func() (done bool, err error)) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if done, err := look(); done || err != nil {
			return err
		}
		<-again.C
	}
}

// writeUntilDone repeats a write that may be repeated: writing the same once more does no harm here.
func (t *tour) writeUntilDone(ctx context.Context) error {
	for ctx.Err() == nil {
		_, err := t.client.Set(ctx, "/door", "closed again")
		if !errors.Is(err, etcd.ErrOutcomeUnknown) {
			return err
		}
		say("outcome unknown, the library does not repeat it, we do: %v", err)
	}
	return ctx.Err()
}
