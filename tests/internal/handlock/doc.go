// Package handlock is a lock of one key as programs write it by hand with go.etcd.io/etcd/client/v2, without
// this library: the key is created with prevExist=false and a TTL, renewed by compare-and-swap and released by
// compare-and-delete. locking.WithSingleKey excludes its holders and is excluded by them.
package handlock
