//go:build unix

package exclusion_test

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/handlock"
	clientv2 "go.etcd.io/etcd/client/v2"
)

// via returns a contender of that name, which is yet to be told the rest.
type via func(client *etcd.Client, name string) contender

// viaMutex makes every second contender one by locking.Do.
func viaMutex(client *etcd.Client, name string) contender {
	mutex := locking.NewMutex(client, lockDir, locking.WithTTL(ttl), locking.WithValue(name))
	c := contender{acquire: by(mutex.Lock), writes: true, changes: true}
	if strings.ContainsAny(name[len(name)-1:], "13579") {
		c.do = mutex
	}
	return c
}

// viaIdentity goes on where an earlier process has ended: their names are the same before the #.
func viaIdentity(client *etcd.Client, name string) contender {
	identity, _, _ := strings.Cut(name, "#")
	mutex := locking.NewMutex(client, lockDir, locking.WithTTL(ttl), locking.WithIdentity(identity))
	return contender{acquire: by(mutex.Lock), writes: true, changes: true, identity: identity}
}

// viaPermanent does so, too, and has no other way to get its lock back. It extends none: that gives them a TTL.
func viaPermanent(client *etcd.Client, name string) contender {
	identity, _, _ := strings.Cut(name, "#")
	mutex := locking.NewMutex(client, lockDir, locking.WithTTL(ttl), locking.WithoutTTL(), locking.WithIdentity(identity))
	return contender{acquire: by(mutex.Lock), writes: true, identity: identity}
}

// viaRWMutex makes about every third contender a writer.
func viaRWMutex(client *etcd.Client, name string) contender {
	mutex := locking.NewRWMutex(client, lockDir, locking.WithTTL(ttl), locking.WithValue(name))
	if strings.HasSuffix(name, "0") || strings.HasSuffix(name, "4") || strings.HasSuffix(name, "8") {
		return contender{acquire: by(mutex.Lock), writes: true, changes: true}
	}
	return contender{acquire: by(mutex.RLock), shared: true, changes: true}
}

// limit is how many the semaphore admits.
const limit = 3

func viaSemaphore(client *etcd.Client, name string) contender {
	semaphore := locking.NewSemaphore(client, lockDir, limit, locking.WithTTL(ttl), locking.WithValue(name))
	return contender{acquire: by(semaphore.Lock), changes: true}
}

// singleKey is the name of the lock that is one key.
const singleKey = "/exclusion/single"

func viaSingleKey(client *etcd.Client, _ string) contender {
	mutex := locking.NewMutex(client, singleKey, locking.WithTTL(ttl), locking.WithSingleKey())
	return contender{acquire: by(mutex.Lock), writes: true, changes: true}
}

// viaHand takes the same lock with client/v2.
func viaHand(client *etcd.Client, name string) contender {
	keys, err := handlock.NewKeys(client.Endpoints(), ttl)
	if err != nil {
		panic(err) // the endpoints are those of a client
	}
	return contender{writes: true, acquire: func(ctx context.Context) (grip, error) { return byHand(ctx, keys, name) }}
}

// byHand leaves the others time: there is no line, and one that asks again at once has it nearly alone.
func byHand(ctx context.Context, keys clientv2.KeysAPI, name string) (grip, error) {
	rest(ctx, rand.N(calm))
	return handlock.Acquire(ctx, keys, singleKey, name, ttl)
}

// roles are what contenders in processes of their own can be.
var roles = map[string]via{
	"mutex":      viaMutex,
	"identity":   viaIdentity,
	"permanent":  viaPermanent,
	"single key": viaSingleKey,
	"by hand":    viaHand,
}
