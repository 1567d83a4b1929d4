package legacy

import (
	"encoding/json"
	"path"
	"strconv"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// op is what a command does.
type op string

const (
	opGet              op = "get"
	opSet              op = "set"
	opCreate           op = "create"
	opCreateInOrder    op = "create in order"
	opUpdate           op = "update"
	opCompareAndSwap   op = "compareAndSwap"
	opDelete           op = "delete"
	opCompareAndDelete op = "compareAndDelete"
	opSync             op = "sync" // removes what has expired by Time
)

// command is an entry of the log.
type command struct {
	Op        op
	Key       string
	Value     string
	Dir       bool
	Recursive bool
	Sorted    bool
	PrevValue string
	PrevIndex uint64
	Time      time.Time // when the key expires; zero for never
}

// asLogged returns the command as it is when it was written to a log as JSON: bytes that are not UTF-8 have
// become U+FFFD, and the time has no monotonic part.
func (c command) asLogged() command {
	var logged command
	text, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(text, &logged)
	}
	if err != nil {
		panic(err) // a time after the year 9999, which no TTL reaches
	}
	return logged
}

// apply does to the store what the command says.
func (s *store) apply(c command) (*v2store.Event, error) {
	defer s.pump()
	ttl := v2store.TTLOptionSet{ExpireTime: c.Time}
	switch c.Op {
	case opGet:
		return s.get(c.Key, c.Recursive, c.Sorted)
	case opSet:
		return s.renewed(s.Set(c.Key, c.Dir, c.Value, ttl))
	case opCreate:
		return s.renewed(s.Create(c.Key, c.Dir, c.Value, false, ttl))
	case opCreateInOrder: // without the zeros that later stores put before the number
		key := path.Join(c.Key, strconv.FormatUint(s.Index()+1, 10))
		return s.renewed(s.Create(key, c.Dir, c.Value, false, ttl))
	case opUpdate:
		if s.isDirectory(c.Key) && c.Value == "" {
			return s.updateDirectory(c.Key, c.Time)
		}
		return s.rewritten(c.Time)(s.Update(c.Key, c.Value, ttl))
	case opCompareAndSwap:
		return s.rewritten(c.Time)(s.CompareAndSwap(c.Key, c.PrevValue, c.PrevIndex, c.Value, ttl))
	case opDelete:
		return s.Delete(c.Key, c.Dir || c.Recursive, c.Recursive)
	case opCompareAndDelete:
		return s.CompareAndDelete(c.Key, c.PrevValue, c.PrevIndex)
	case opSync:
		s.DeleteExpiredKeys(c.Time)
		return nil, nil
	}
	panic("unknown command " + c.Op)
}
