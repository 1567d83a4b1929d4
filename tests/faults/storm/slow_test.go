package storm_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

type (
	events    = iter.Seq2[*etcd.Response, error]
	watchFunc = func(context.Context) events
)

// asleep is how long the slow reader is away: far longer than the server's history lasts in a storm.
const asleep = 5 * time.Second

// Who reads too slowly gets all events, or is told that they are gone: never a gap, never silence. A
// mirror does not depend on its reader, and has everything; who reads its changes slowly gets there too.
func TestSlowReader(t *testing.T) {
	each(t, func(t *testing.T, version etcdtest.Version, endpoint string) {
		s := newStorm(t, endpoint, "/slow", 100)
		s.watch = witness.Watch(t, live.Client(t, endpoint), s.flood.Dir, s.start, witness.Pausing(awayOnce()))
		mirror := witness.Mirror(t, live.Client(t, endpoint), s.flood.Dir)
		told := witness.Listen(t, mirror, s.flood.Dir, awayOnce())
		if err := s.flood.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := s.watch.Await(s.ledger.Last())
		if err != nil && !errors.Is(err, etcd.ErrEventIndexCleared) {
			t.Error(err)
		}
		if err := s.ledger.Check(s.watch.Events()); err != nil {
			t.Error(err)
		}
		t.Logf("slow reader: etcd %s delivered %d of %d, %s", version, len(s.watch.Events()), s.flood.Total(), outcome(err))
		s.checkMirror(t, mirror, told, live.Client(t, endpoint))
	})
}

// awayOnce returns what is called with how many events there were, and is away for long behind the
// first few.
func awayOnce() func(n int) {
	var once sync.Once
	return func(n int) {
		if n >= 10 {
			// No condition to wait for: being away is the fault.
			once.Do(func() { <-time.After(asleep) })
		}
	}
}

// checkMirror expects that the mirror has what the server has, and that its changes tell that.
func (s *storm) checkMirror(t *testing.T, mirror *etcd.Mirror, told *witness.Listener, client *etcd.Client) {
	t.Helper()
	if err := witness.CheckMirror(t.Context(), mirror, client, s.flood.Dir, s.ledger.Last()); err != nil {
		t.Error(err)
	}
	if err := told.Await(mirror); err != nil {
		t.Error(err)
	}
	changes, resyncs := told.Counts()
	t.Logf("slow reader: the mirror has told of %d changes, and %d times that it was read again", changes, resyncs)
}
