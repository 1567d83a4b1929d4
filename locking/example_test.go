package locking_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// ctx bounds the examples' calls; a program has one with a deadline.
var ctx = context.Background()

// connect returns a client of the server that the examples run against.
func connect() *etcd.Client {
	client, err := etcd.New(etcd.Config{Endpoints: []string{os.Getenv("ETCD_EXAMPLES_ENDPOINT")}})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// unlock ends a lock.
func unlock(lock *locking.Lock) {
	if err := lock.Unlock(ctx); err != nil {
		log.Print(err) // it then ends with its TTL
	}
}

// Hold a lock while doing something that only one may do.
func ExampleMutex_Lock() {
	client := connect()
	defer client.Close()

	mutex := locking.NewMutex(client, "/locks/reports", locking.WithTTL(30*time.Second))
	lock, err := mutex.Lock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer unlock(lock)

	select {
	case <-lock.Context().Done():
		fmt.Println(context.Cause(lock.Context())) // it was lost: stop
	default:
		fmt.Println("making reports")
	}
	// Output: making reports
}

// Do something only if nobody else is at it, or give up after a while.
func ExampleMutex_TryLock() {
	client := connect()
	defer client.Close()

	mutex := locking.NewMutex(client, "/locks/backup", locking.WithValue("db-1"))
	lock, err := mutex.TryLock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer unlock(lock)

	_, err = mutex.TryLock(ctx)
	if errors.Is(err, locking.ErrLocked) {
		holder, err := mutex.Holder(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("the backup is made by", holder.Value)
	}

	waiting, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err = mutex.Lock(waiting)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// the backup is made by db-1
	// true
}

// Lock and unlock around a function.
func ExampleDo() {
	client := connect()
	defer client.Close()

	mutex := locking.NewMutex(client, "/locks/do")
	err := locking.Do(ctx, mutex, func(_ context.Context, lock *locking.Lock) error {
		fmt.Println("alone, until its context ends:", lock.Token() > 0)
		return nil
	})
	fmt.Println(err)
	// Output:
	// alone, until its context ends: true
	// <nil>
}

// Protect a resource from a holder that was paused and does not know that it has lost the lock: the
// resource keeps the token of who wrote last, and refuses older ones. The comparison and the write are one
// compare-and-swap, so that nothing comes between them.
func Example_fencingToken() {
	client := connect()
	defer client.Close()

	// write stores a text together with the token, unless a later holder has written already.
	errStale := errors.New("somebody else has the lock by now")
	write := func(token uint64, text string) error {
		_, err := client.Modify(ctx, "/reports/latest", func(current string) (string, error) {
			seen, _, _ := strings.Cut(current, " ")
			if last, err := strconv.ParseUint(seen, 10, 64); err != nil || last > token {
				return "", errStale
			}
			return fmt.Sprintf("%d %s", token, text), nil
		})
		return err
	}
	if _, err := client.Set(ctx, "/reports/latest", "0"); err != nil {
		log.Fatal(err)
	}

	mutex := locking.NewMutex(client, "/locks/fenced")
	first, err := mutex.Lock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(write(first.Token(), "by the first"))

	// The first is paused for long, its lock expires, and a second gets it. Here an operator helps.
	if _, err := client.Delete(ctx, first.Key()); err != nil {
		log.Fatal(err)
	}
	second, err := mutex.Lock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer unlock(second)
	fmt.Println(write(second.Token(), "by the second"))
	fmt.Println(write(first.Token(), "by the first, too late"))
	// Output:
	// <nil>
	// <nil>
	// somebody else has the lock by now
}

// Let many read, and one write.
func ExampleRWMutex() {
	client := connect()
	defer client.Close()

	schema := locking.NewRWMutex(client, "/locks/schema")
	err := locking.Do(ctx, schema.RLocker(), func(context.Context, *locking.Lock) error {
		_, err := schema.TryLock(ctx)
		fmt.Println("writing beside a reader:", err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	err = locking.Do(ctx, schema, func(context.Context, *locking.Lock) error {
		fmt.Println("changing the schema")
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// writing beside a reader: locking: lock held by others
	// changing the schema
}

// Let no more than two machines restart at the same time.
func ExampleSemaphore() {
	client := connect()
	defer client.Close()

	restarts := locking.NewSemaphore(client, "/locks/restarts", 2)
	for _, machine := range []string{"a", "b", "c"} {
		lock, err := restarts.TryLock(ctx)
		if err != nil {
			fmt.Println(machine, "waits:", err)
			continue
		}
		defer unlock(lock)
		fmt.Println(machine, "restarts")
	}
	// Output:
	// a restarts
	// b restarts
	// c waits: locking: lock held by others
}

// Hold a lock over the restart of the process, for as long as the machine exists.
func ExampleWithIdentity() {
	before, client := connect(), connect()
	defer client.Close()
	options := []locking.Option{locking.WithoutTTL(), locking.WithIdentity("machine-7")}

	lock, err := locking.NewMutex(before, "/locks/rack-3", options...).Lock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	before.Close() // the process ends here, without unlocking

	again, err := locking.NewMutex(client, "/locks/rack-3", options...).Lock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Key() == lock.Key())
	fmt.Println(again.Unlock(ctx))
	// Output:
	// true
	// <nil>
}

// See who holds a lock, and every change of that.
func ExampleMutex_Observe() {
	client := connect()
	defer client.Close()

	mutex := locking.NewMutex(client, "/locks/observed", locking.WithValue("alice"))
	for holder, err := range mutex.Observe(ctx) {
		if err != nil {
			log.Fatal(err) // ctx is over
		}
		if holder.Key == "" {
			fmt.Println("nobody")
			if _, err := mutex.Lock(ctx); err != nil {
				log.Fatal(err)
			}
			continue
		}
		fmt.Println(holder.Value)
		break
	}
	// Output:
	// nobody
	// alice
}
