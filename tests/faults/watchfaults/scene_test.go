package watchfaults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

const (
	dir       = "/watched"
	writePace = 8 * time.Millisecond // between two writes; the server remembers those of 8 s
	patience  = 3 * time.Second      // of the writer with one write
)

// scene is a watch, a mirror and a writer below the watched directory, and what is known of them.
type scene struct {
	t      *testing.T
	ledger *witness.Ledger
	watch  *witness.Witness
	mirror *etcd.Mirror
	told   *witness.Listener // to the mirror
	mended time.Time         // when the fault was over

	writing *etcd.Client
	stop    context.CancelFunc // of the writer, which then finishes its write
	stopped sync.WaitGroup
	writes  int
}

// play begins a watch and a mirror through watching and writes through writing, each with its own connections.
// The writer should not meet the fault, or it does not write while the fault lasts.
func play(t *testing.T, watching *etcd.Client, writing *etcd.Client) *scene {
	t.Helper()
	start := live.Must[*etcd.Response](t)(writing.CreateDir(t.Context(), dir))
	s := &scene{t: t, ledger: &witness.Ledger{}, watch: witness.Watch(t, watching, dir, start.Index), writing: writing}
	s.mirror = witness.Mirror(t, watching, dir)
	s.told = witness.Listen(t, s.mirror, dir, func(int) {})
	s.goOn()
	t.Cleanup(s.pause)
	s.see(20) // what breaks later has worked before
	return s
}

// goOn lets the writer write, from the start and after a pause.
func (s *scene) goOn() {
	ctx, stop := context.WithCancel(s.t.Context())
	s.stop = stop
	s.stopped.Go(func() { s.write(ctx) })
}

// pause returns when the writer has stopped.
func (s *scene) pause() {
	s.stop()
	s.stopped.Wait()
}

// write sets a few keys to one number after the other.
func (s *scene) write(ctx context.Context) {
	next := time.NewTicker(writePace)
	defer next.Stop()
	for ctx.Err() == nil {
		s.set()
		select {
		case <-ctx.Done():
		case <-next.C:
		}
	}
}

// set makes one write and notes its fate. The end of the writing does not cut it off, which would
// leave its fate open.
func (s *scene) set() {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	s.writes++
	value := fmt.Sprint(s.writes)
	resp, err := s.writing.Set(ctx, fmt.Sprintf("%s/k%d", dir, s.writes%5), value)
	switch {
	case err == nil:
		s.ledger.Applied(resp.Index, value)
	case errors.Is(err, etcd.ErrOutcomeUnknown):
		s.ledger.Unknown(value)
	}
}

// see waits until n more writes were acknowledged and delivered.
func (s *scene) see(n int) {
	s.t.Helper()
	s.wrote(n)
	if err := s.watch.Await(s.ledger.Last()); err != nil {
		s.t.Fatal(err)
	}
}

// wrote waits until n more writes were acknowledged.
func (s *scene) wrote(n int) {
	s.t.Helper()
	before := s.ledger.Len()
	live.Eventually(s.t, "the writer goes on", func() bool { return s.ledger.Len() >= before+n })
}

// over notes that the fault is over.
func (s *scene) over() { s.mended = time.Now() }

// finish writes on for a while after the fault and expects that all was delivered.
func (s *scene) finish() {
	s.t.Helper()
	if err := s.end(); err != nil {
		s.t.Error(err)
	}
}

// finishOrCleared is finish, for a fault during which the history may go.
func (s *scene) finishOrCleared() {
	s.t.Helper()
	if err := s.end(); err != nil && !errors.Is(err, etcd.ErrEventIndexCleared) {
		s.t.Error(err)
	}
}

// end stops the writer and checks that what was delivered has no gap. It returns why it is not all.
func (s *scene) end() error {
	s.t.Helper()
	s.wrote(100)
	s.pause()
	err := s.watch.Await(s.ledger.Last())
	if err := s.ledger.Check(s.watch.Events()); err != nil {
		s.t.Error(err)
	}
	s.checkMirror()
	s.report()
	return err
}

// checkMirror expects that the mirror has what the server has, and that its changes tell that.
func (s *scene) checkMirror() {
	s.t.Helper()
	if err := witness.CheckMirror(s.t.Context(), s.mirror, s.writing, dir, s.ledger.Last()); err != nil {
		s.t.Error(err)
	}
	if err := s.told.Await(s.mirror); err != nil {
		s.t.Error(err)
	}
	changes, resyncs := s.told.Counts()
	s.t.Logf("the mirror has told of %d changes, and %d times that it was read again", changes, resyncs)
}

// report tells how long the watch was silent.
func (s *scene) report() {
	arrived := s.watch.Arrived()
	var longest time.Duration
	for i := 1; i < len(arrived); i++ {
		longest = max(longest, arrived[i].Sub(arrived[i-1]))
	}
	resumed := "never"
	if i := slices.IndexFunc(arrived, s.mended.Before); i >= 0 {
		resumed = arrived[i].Sub(s.mended).Round(time.Millisecond).String()
	}
	s.t.Logf("delivered %d, acknowledged %d; the first after the fault's end came after %s, the longest silence was %v",
		len(arrived), s.ledger.Len(), resumed, longest.Round(time.Millisecond))
}

// lasts waits for as long as a fault goes on. The time is the fault, there is no condition to wait for.
func lasts(d time.Duration) { <-time.After(d) }

// beginsWith returns a client whose calls begin with the member at first.
func beginsWith(t *testing.T, config etcd.Config, first string) *etcd.Client {
	t.Helper()
	var client *etcd.Client
	live.Eventually(t, "a client's first call has gone to "+first, func() bool {
		begins := make(firstAttempt, 1)
		config.Observer = begins
		client = live.Must[*etcd.Client](t)(etcd.New(config))
		if _, err := client.Get(t.Context(), "/"); err == nil && <-begins == first {
			return true
		}
		client.Close()
		return false
	})
	t.Cleanup(func() { client.Close() })
	return client
}

// firstAttempt is an Observer that sends on where the first attempt went.
type firstAttempt chan string

func (f firstAttempt) Observe(event etcd.Event) {
	if attempt, ok := event.(etcd.AttemptStarted); ok {
		select {
		case f <- attempt.Endpoint:
		default:
		}
	}
}
