package etcd

import (
	"math"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// GetOption changes a Get.
type GetOption interface{ applyGet(*getQuery) }

// SetOption changes a Set, a CreateDir or an UpdateDir. Like every option, a nil one changes nothing, so an
// option can depend on a condition; see If.
//
//	_, err := client.Set(ctx, "/k", "v", etcd.If(temporary, etcd.WithTTL(time.Minute)))
type SetOption interface{ applySet(*write) }

// CreateOption changes a Create.
type CreateOption interface{ applyCreate(*write) }

// CompareAndSwapOption changes a CompareAndSwap.
type CompareAndSwapOption interface{ applyCompareAndSwap(*write) }

// CreateInOrderOption changes a CreateInOrder.
type CreateInOrderOption interface{ applyCreateInOrder(*write) }

// UpdateOption changes an Update.
type UpdateOption interface{ applyUpdate(*update) }

// ModifyOption changes a Modify.
type ModifyOption interface{ applyModify(*modify) }

// DeleteOption changes a Delete.
type DeleteOption interface{ applyDelete(*deletion) }

// WatchOption changes a Watch or a WatchOnce.
type WatchOption interface{ applyWatch(*watch) }

// with returns call, changed by opts. A nil option changes nothing.
func with[Option, Call any](opts []Option, apply func(Option, *Call), call *Call) *Call {
	for _, opt := range opts {
		if any(opt) != nil {
			apply(opt, call)
		}
	}
	return call
}

// If returns opt if the condition is true. Otherwise it returns nil, which changes nothing.
//
//	client.Get(ctx, key, etcd.If(fresh, etcd.WithQuorum()), etcd.If(deep, etcd.WithRecursive()))
func If[Option any](condition bool, opt Option) Option {
	if !condition {
		var none Option
		return none
	}
	return opt
}

// RecursiveOption is what WithRecursive returns.
type RecursiveOption interface {
	GetOption
	DeleteOption
	WatchOption
}

// TTLOption is what WithTTL returns.
type TTLOption interface {
	SetOption
	CreateOption
	CompareAndSwapOption
	CreateInOrderOption
	UpdateOption
	ModifyOption
}

// WithRecursive extends a call to everything below the directory: a Get to all levels, a Delete to the whole
// tree, and a Watch to all changes below the key. A Get and a Watch leave out hidden nodes; a Delete deletes them.
func WithRecursive() RecursiveOption { return recursiveOption{} }

type recursiveOption struct{}

func (recursiveOption) applyGet(q *getQuery)    { q.recursive = true }
func (recursiveOption) applyDelete(d *deletion) { d.recursive = true }
func (recursiveOption) applyWatch(w *watch)     { w.recursive = true }

// WithSorted makes the server list children in the order of their keys. Without it, the order differs from call
// to call.
func WithSorted() GetOption { return getFunc(func(q *getQuery) { q.sorted = true }) }

// WithQuorum makes a read go through the cluster's consensus: it sees every write that was acknowledged before it
// began. Without it, a member answers from its own copy, which may be behind; a member that is cut off from the
// others keeps answering from it. Modify, UpdateDir and Update with WithKeepTTL read with quorum by themselves.
//
// Each quorum read leaves an entry of the v2 API in the cluster's log, as a write does. Etcd 3.6 does not start while
// its log has one; docs/leaving.md says how to leave v2.
func WithQuorum() GetOption { return getFunc(func(q *getQuery) { q.quorum = true }) }

type getFunc func(*getQuery)

func (f getFunc) applyGet(q *getQuery) { f(q) }

// WithTTL makes what is written expire after ttl. Etcd counts whole seconds, so ttl is rounded up. The minimum is
// one second, and the maximum ends in the year 2262; any other ttl, zero included, is ErrInvalidArgument.
//
// A key expires within about half a second after its time, by the clock of the member that took the write. It
// does not expire while the cluster has no leader: a Node with a TTL of zero or less and an Expiration has
// expired.
func WithTTL(ttl time.Duration) TTLOption { return ttlOption(ttl) }

// WithTTLOf makes what is written live for as long as node had left to live when it was read. If node does not
// expire, what is written does not expire either. If node has expired but was not deleted yet, the TTL is one
// second.
//
//	_, err := client.Set(ctx, "/copy", node.Value, etcd.WithTTLOf(node))
func WithTTLOf(node *Node) TTLOption {
	if node == nil || node.Expiration.IsZero() && node.TTL == 0 {
		return nil
	}
	return WithTTL(max(node.TTL, time.Second))
}

type ttlOption time.Duration

func (o ttlOption) applySet(w *write)            { w.setTTL(time.Duration(o)) }
func (o ttlOption) applyCreate(w *write)         { w.setTTL(time.Duration(o)) }
func (o ttlOption) applyCompareAndSwap(w *write) { w.setTTL(time.Duration(o)) }
func (o ttlOption) applyCreateInOrder(w *write)  { w.setTTL(time.Duration(o)) }
func (o ttlOption) applyUpdate(u *update)        { u.setTTL(time.Duration(o)) }
func (o ttlOption) applyModify(m *modify)        { m.setTTL(time.Duration(o)) }

// WithKeepTTL makes an Update keep the time that the key has left to live, which etcd itself would drop. The key
// expires within a second of when it would have expired, however often it is updated. The update is then a
// Modify: a quorum read and a compare-and-swap and, in the key's last second, a wait until it has expired.
func WithKeepTTL() UpdateOption { return updateFunc(func(u *update) { u.keepTTL = true }) }

type updateFunc func(*update)

func (f updateFunc) applyUpdate(u *update) { f(u) }

// WithoutTTL makes a Modify remove the key's TTL, so that the key no longer expires.
func WithoutTTL() ModifyOption { return modifyFunc(func(m *modify) { m.dropTTL = true }) }

// WithCreate makes a Modify create the key if it does not exist. It then calls change with an empty value.
func WithCreate() ModifyOption { return modifyFunc(func(m *modify) { m.create = true }) }

type modifyFunc func(*modify)

func (f modifyFunc) applyModify(m *modify) { f(m) }

// WithDir lets a Delete delete a directory that is empty. Hidden nodes count as content.
func WithDir() DeleteOption { return deleteFunc(func(d *deletion) { d.dir = true }) }

type deleteFunc func(*deletion)

func (f deleteFunc) applyDelete(d *deletion) { f(d) }

// WithAfterIndex makes a watch begin with the first event whose index is greater than index. With the Index of a
// Response, the watch misses nothing in between. The server keeps the last 1,000 events of all keys together. If
// the next events are no longer among them, the watch ends with ErrEventIndexCleared. Zero means from now on, as
// it does without the option and in client/v2.
//
// An index does not say which cluster it belongs to. A program that stores it should store Response.ClusterID,
// too, for Config.ClusterID, or rather the whole Response; see WithAfterResponse.
func WithAfterIndex(index uint64) WatchOption {
	return watchFunc(func(w *watch) {
		if index == math.MaxUint64 {
			w.err = errs.Invalidf("watch %s: index %d is 0-1; 0 means from now on", w.key, index)
		}
		if w.after = true; index > 0 {
			w.next = index + 1
		}
	})
}

// WithAfterResponse is WithAfterIndex with the Index of resp. The watch then also knows the cluster and a change
// that has happened. If the cluster was replaced or restored in the meantime, the watch ends with ErrWrongCluster
// or ErrClusterRolledBack, even if the cluster has passed that index. WithAfterResponse cannot be combined with
// WithAfterIndex or WithCurrent.
//
// To resume after a restart, store each Response as JSON when it has been handled, and read the last one back:
//
//	var last etcd.Response
//	if err := json.Unmarshal(stored, &last); err != nil {
//		return err
//	}
//	for event, err := range client.Watch(ctx, key, etcd.WithAfterResponse(&last)) {
//
// If the watch ends with a *WatchError, it cannot deliver what has happened since: begin again, WithCurrent. The
// usual reason is ErrEventIndexCleared, because writes to other keys push events out of the history, too. The
// program examples/resume does all of this.
func WithAfterResponse(resp *Response) WatchOption {
	return watchFunc(func(w *watch) {
		if resp == nil || resp.Node == nil {
			w.err = errs.Invalidf("watch %s: the response to begin after is nil", w.key)
			return
		}
		w.after, w.next = true, resp.Index+1 // also if that is 0: nothing happens between a read and its watch
		w.cluster, w.unsure = resp.ClusterID, w.client.older(resp)
		w.marks.read(resp)
	})
}

// WithCurrent makes a watch begin with the present content: its first Response is that of a Get, with ActionGet,
// and the changes after it follow. If the key does not exist, that Response is left out. WithCurrent cannot be
// combined with WithAfterIndex. For a directory, the first Response has all files, in the order of their keys:
//
//	for event, err := range client.Watch(ctx, "/nodes", etcd.WithRecursive(), etcd.WithCurrent()) {
//		if err != nil {
//			return err
//		}
//		switch event.Action {
//		case etcd.ActionGet:
//			for node := range event.Node.Leaves() {
//				nodes[node.Key] = node.Value
//			}
//		case etcd.ActionDelete, etcd.ActionExpire, etcd.ActionCompareAndDelete: // perhaps with all below it
//			maps.DeleteFunc(nodes, func(key, _ string) bool {
//				return key == event.Node.Key || strings.HasPrefix(key, event.Node.Key+"/")
//			})
//		default:
//			if !event.Node.Dir {
//				nodes[event.Node.Key] = event.Node.Value
//			}
//		}
//	}
func WithCurrent() WatchOption { return watchFunc(func(w *watch) { w.current = true }) }

type watchFunc func(*watch)

func (f watchFunc) applyWatch(w *watch) { f(w) }
