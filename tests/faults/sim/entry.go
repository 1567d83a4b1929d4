package sim

import (
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// Methods of entries that no client sends.
const (
	methodNone    = ""        // what a new leader begins with
	methodSync    = "SYNC"    // removes what has expired
	methodPublish = "PUBLISH" // what etcd writes about members, beside the keys
	methodForget  = "FORGET"
)

// entry is an entry of the log.
type entry struct {
	term    uint64
	request pb.Request
	hops    int // members that have passed it on to what they took for the leader
}

// apply does to a store what the entry says, with the code that etcd applies it with.
func (e *entry) apply(store v2store.Store, applier etcdserver.ApplierV2) etcdserver.Response {
	request := e.request
	r := (*etcdserver.RequestV2)(&request)
	switch request.Method {
	case methodNone:
		return etcdserver.Response{}
	case methodSync:
		return applier.Sync(r)
	case methodPublish:
		event, err := store.Set(request.Path, false, request.Val, v2store.TTLOptionSet{ExpireTime: v2store.Permanent})
		return etcdserver.Response{Event: event, Err: err}
	case methodForget:
		event, err := store.Delete(request.Path, true, true)
		return etcdserver.Response{Event: event, Err: err}
	case "POST":
		return applier.Post(r)
	case "PUT":
		return applier.Put(r, membership.ApplyBoth)
	case "DELETE":
		return applier.Delete(r)
	case "QGET":
		return applier.QGet(r)
	}
	panic(fmt.Sprintf("an entry with the method %q", request.Method))
}

// syncInterval is how often a leader removes what has expired.
const syncInterval = 500 * time.Millisecond
