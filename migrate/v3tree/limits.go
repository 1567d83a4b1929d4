package v3tree

import (
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Limits are those of the v3 server for one transaction.
type Limits struct {
	// Ops is its --max-txn-ops. Zero means 128, as the server has it unless told otherwise.
	Ops int

	// Bytes is its --max-request-bytes. Zero means 1.5 MiB, likewise.
	Bytes int
}

// ErrTooLarge is the error of a key and value that the server would refuse for their length.
var ErrTooLarge = errors.New("v3tree: larger than the server's limit")

const (
	opBytes  = 64   // around a key and a value in a request, at most
	txnBytes = 4096 // around the operations: the condition, and the checkpoint
)

func (l Limits) orDefault() Limits {
	if l.Ops == 0 {
		l.Ops = 128
	}
	if l.Bytes == 0 {
		l.Bytes = 3 << 19
	}
	return l
}

// Check returns an error that matches ErrTooLarge if no transaction has room for the key and its value.
func (l Limits) Check(key, value string) error {
	if size := len(key) + len(value) + opBytes + txnBytes; size > l.orDefault().Bytes {
		return fmt.Errorf("%w: %q has %d bytes, and a request at most %d; raise --max-request-bytes of the server and the limit here",
			ErrTooLarge, key, len(value), l.orDefault().Bytes)
	}
	return nil
}

// A fill counts what is put into one transaction.
type fill struct {
	limits    Limits
	ops, size int
}

// add reports whether one more op with a key and a value fits, and counts it if it does. The first one always fits.
func (f *fill) add(key, value int) bool {
	l, n := f.limits.orDefault(), key+value+opBytes
	if f.ops > 0 && (f.ops == l.Ops-1 || txnBytes+f.size+n > l.Bytes) { // one op is the checkpoint's
		return false
	}
	f.ops, f.size = f.ops+1, f.size+n
	return true
}

// Split returns the ops in groups that each fit a transaction beside its checkpoint.
func (l Limits) Split(ops []clientv3.Op) [][]clientv3.Op {
	var groups [][]clientv3.Op
	start, in := 0, fill{limits: l}
	for i, op := range ops {
		key, value := len(op.KeyBytes()), len(op.ValueBytes())
		if !in.add(key, value) {
			groups = append(groups, ops[start:i])
			start, in = i, fill{limits: l}
			in.add(key, value)
		}
	}
	if start < len(ops) {
		groups = append(groups, ops[start:])
	}
	return groups
}
