// Package tour_test calls everything that the library exports, once, on one member of each version of etcd that
// tests can have. What it knows of the differences between versions is one table.
package tour_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }

// A visit is what a stop has to go by.
type visit struct {
	server   server
	endpoint string
	client   *etcd.Client
	dir      string // a directory that no other stop uses; it does not exist yet
}

// A stop shows what some methods do on every version.
type stop struct {
	methods string // with their types, in a row: "Client.Get Client.Set"
	show    func(t *testing.T, v visit)
}

// stops are in the order of the tour. The last one leaves the cluster without a majority.
var stops = slices.Concat(keyStops, watchStops, clusterStops, lockStops, authStops, lastStops)

func TestTour(t *testing.T) {
	for _, s := range servers(t) {
		t.Run(s.release, func(t *testing.T) {
			t.Parallel()
			cluster := etcdtest.Start(t, etcdtest.WithBinary(s.binary))
			endpoint := cluster.Endpoints()[0]
			client := live.Client(t, endpoint)
			for i, stop := range stops {
				first, _, _ := strings.Cut(stop.methods, " ")
				t.Run(first, func(t *testing.T) {
					stop.show(t, visit{s, endpoint, client, fmt.Sprintf("/stop-%d", i)})
				})
			}
		})
	}
}

// A method that is new belongs into the tour, and one that has gone does not.
func TestTourIsComplete(t *testing.T) {
	var exported, shown []string
	for _, of := range []reflect.Type{
		reflect.TypeFor[*etcd.Client](), reflect.TypeFor[*etcd.Auth](), reflect.TypeFor[*etcd.Mirror](), reflect.TypeFor[etcd.Snapshot](), reflect.TypeFor[*etcd.Registration](),
		reflect.TypeFor[*locking.Mutex](), reflect.TypeFor[*locking.RWMutex](), reflect.TypeFor[*locking.Semaphore](),
		reflect.TypeFor[*locking.Lock](), reflect.TypeFor[*election.Election](), reflect.TypeFor[*election.Term](),
	} {
		name := of.Name()
		if of.Kind() == reflect.Pointer {
			name = of.Elem().Name()
		}
		for method := range of.Methods() {
			exported = append(exported, name+"."+method.Name)
		}
	}
	for _, stop := range stops {
		shown = append(shown, strings.Fields(stop.methods)...)
	}
	for _, method := range exported {
		if !slices.Contains(shown, method) {
			t.Errorf("%s is not in the tour", method)
		}
	}
	for _, method := range shown {
		if !slices.Contains(exported, method) {
			t.Errorf("%s is in the tour, and not in the library", method)
		}
	}
}
