package gateway_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/etcdv2/client/etcd"
)

const (
	dir       = "/gateway"
	keys      = 20
	stable    = dir + "/stable" // is there all the time
	never     = dir + "/never"  // is never there
	queueSize = 20              // nodes, roughly; then the next directory is taken
	attempt   = time.Second     // Config.AttemptTimeout
	patience  = 10 * time.Second
)

// client makes random calls, one after another, through gateways of its own.
type client struct {
	*run
	*etcd.Client
	id       int
	history  *history
	gateways []*gateway
	trail    *trail
	random   *rand.Rand
	bug      bug

	calls []*call
	seen  uint64                // the highest index of its answers
	last  map[string]*etcd.Node // the last known state of each key, for comparisons
	queue *etcd.Node            // its last in-order node
	n     int                   // number of writes
}

// bug changes the result of a call and reports whether it did. See TestPlantedBugsAreFound.
type bug func(c *call, steps []step, again func()) bool

// work makes n writes and as many reads.
func (c *client) work(ctx context.Context, n int) {
	for range n {
		if err := c.history.keepUp(c.seen); err != nil {
			return // play reports it
		}
		order := []func(context.Context){c.write, c.read}
		if c.random.IntN(2) == 0 {
			order[0], order[1] = order[1], order[0]
		}
		for _, step := range order {
			step(ctx)
		}
	}
}

// do makes a call and keeps its result.
func (c *client) do(ctx context.Context, k *call, send func(context.Context) (*etcd.Response, error)) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.trail.take()
	k.client, k.seen, k.began = c.id, c.seen, c.clock.Add(1)
	k.resp, k.err = send(ctx)
	steps := c.trail.take()
	if c.bug != nil {
		k.planted = c.bug(k, steps, func() { k.resp, k.err = send(ctx) })
	}
	k.ended = c.clock.Add(1)
	for _, step := range append(steps, c.trail.take()...) {
		k.trail = append(k.trail, step.what)
	}
	c.calls = append(c.calls, k)
	c.learn(k)
}

// learn updates what the client knows.
func (c *client) learn(k *call) {
	switch {
	case k.err != nil && concluded(k.err) != nil:
		c.seen = max(c.seen, indexOf(k.err))
		delete(c.last, k.key)
	case k.err != nil:
	case k.resp == nil: // an Exists
	case k.deletes():
		c.seen = max(c.seen, k.resp.Index)
		delete(c.last, k.key)
	case k.verb == createInOrder:
		c.seen, c.queue = max(c.seen, k.resp.Index), k.resp.Node
	default:
		c.seen = max(c.seen, k.resp.Index)
		c.last[k.key] = k.resp.Node
	}
}

// read reads one of the keys.
func (c *client) read(ctx context.Context) {
	k := &call{verb: get, key: c.anyKey()}
	switch c.random.IntN(10) {
	case 0:
		k.key = stable
	case 1:
		k.key = never
	}
	var opts []etcd.GetOption
	switch c.random.IntN(3) {
	case 0:
		k.verb = exists
		c.do(ctx, k, func(ctx context.Context) (_ *etcd.Response, err error) {
			k.exists, err = c.Exists(ctx, k.key)
			return nil, err
		})
		return
	case 1:
		k.quorum = true
		opts = append(opts, etcd.WithQuorum())
	}
	c.do(ctx, k, func(ctx context.Context) (*etcd.Response, error) { return c.Get(ctx, k.key, opts...) })
}

func (c *client) anyKey() string { return fmt.Sprintf("%s/%d", dir, c.random.IntN(keys)) }

// writes are the verbs of which write chooses one.
var writes = []verb{
	set, set, create, create, create, update, compareAndSwap, compareAndSwap, createInOrder, remove, remove, compareAndDelete,
}

// write makes a random write.
func (c *client) write(ctx context.Context) {
	c.n++
	k := &call{verb: writes[c.random.IntN(len(writes))], key: c.anyKey(), value: fmt.Sprintf("%d-%d", c.id, c.n)}
	if k.verb == create || k.verb == compareAndSwap || k.verb == createInOrder {
		k.unique = c.random.IntN(2) == 0
	}
	last := c.last[k.key]
	switch {
	case k.verb == createInOrder:
		k.key = fmt.Sprintf("%s/queue-%d-%d", dir, c.id, c.n/(len(writes)*queueSize))
	case k.deletes():
		k.value = ""
		if c.queue != nil && c.random.IntN(3) == 0 {
			k.key, last, c.queue = c.queue.Key, c.queue, nil
		}
	}
	if k.swaps() {
		k.prev = c.condition(last)
	}
	c.do(ctx, k, func(ctx context.Context) (*etcd.Response, error) { return c.send(ctx, k) })
}

// send makes the write k.
func (c *client) send(ctx context.Context, k *call) (*etcd.Response, error) {
	switch k.verb {
	case set:
		return c.Set(ctx, k.key, k.value)
	case create:
		return c.Create(ctx, k.key, k.value, promised[etcd.CreateOption](k)...)
	case update:
		return c.Update(ctx, k.key, k.value)
	case compareAndSwap:
		return c.CompareAndSwap(ctx, k.key, k.value, k.prev, promised[etcd.CompareAndSwapOption](k)...)
	case createInOrder:
		return c.CreateInOrder(ctx, k.key, k.value, promised[etcd.CreateInOrderOption](k)...)
	case compareAndDelete:
		return c.CompareAndDelete(ctx, k.key, k.prev)
	}
	return c.Delete(ctx, k.key)
}

// promised returns the options of a call, of its verb's own type.
func promised[Option any](k *call) []Option {
	if !k.unique {
		return nil
	}
	return []Option{any(etcd.WithUniqueValue()).(Option)}
}

// condition returns a condition that holds for the index, the value or both of a node. Without a node it
// never holds.
func (c *client) condition(last *etcd.Node) etcd.Prev {
	prev := etcd.Prev{Value: "of nobody", Index: 1}
	if last != nil {
		prev = etcd.Prev{Value: last.Value, Index: last.ModifiedIndex}
	}
	switch c.random.IntN(3) {
	case 0:
		prev.Value = ""
	case 1:
		prev.Index = 0
	}
	return prev
}
