package locking

import (
	"context"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// observation is an Observe under way.
type observation struct {
	mu   sync.Mutex
	seen []string // values; empty where nobody holds
	err  error
	done chan struct{}
}

// observe begins to follow the holders of m.
func (b *bubble) observe(ctx context.Context, m *Mutex) *observation {
	o := &observation{done: make(chan struct{})}
	go func() {
		defer close(o.done)
		for holder, err := range m.Observe(ctx) {
			o.mu.Lock()
			if err != nil {
				o.err = err
			} else {
				o.seen = append(o.seen, holder.Value)
			}
			o.mu.Unlock()
		}
	}()
	b.settle()
	return o
}

// saw expects the values that were seen since the last time.
func (b *bubble) saw(o *observation, want ...string) {
	b.Helper()
	time.Sleep(2 * time.Second)
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !reflect.DeepEqual(o.seen, want) {
		b.Errorf("seen was %q, want %q", o.seen, want)
	}
	o.seen = nil
}

func TestObserveSeesEveryHolder(t *testing.T) {
	for name, layout := range map[string]Option{"native": nil, "single key": WithSingleKey()} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				ctx, cancel := context.WithCancel(b.Context())
				defer cancel()
				o := b.observe(ctx, b.mutex(layout))
				b.saw(o, "")
				lock := b.lock(b.mutex(layout, WithValue("first")))
				b.saw(o, "first")
				a := b.locking(b.mutex(layout, WithValue("second")))
				time.Sleep(2 * ttl)
				b.unlock(lock)
				lock = b.within(time.Second, a)
				if layout == nil {
					b.saw(o, "second")
					if err := lock.SetValue(b.Context(), "new"); err != nil {
						b.Error(err)
					}
					b.saw(o, "new")
					b.Put(dir+"/_hidden", "x", 0)
					b.Put(dir+"/below/it", "x", 0)
					b.Remove(dir)
				} else {
					b.saw(o, "", "second")
					b.Remove(dir)
				}
				b.saw(o, "")
				cancel()
				<-o.done
				b.is(o.err, context.Canceled)
				if events := fakestore.Told[ObservationReopened](&b.events); len(events) > 0 {
					b.Errorf("it was read again: %v", events)
				}
			})
		})
	}
}

// A process that takes its own place over is the same holder: Observe yields it again only with a new value.
func TestObserveTellsATakeoverOnce(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.lock(b.mutex(WithIdentity("db"), WithValue("x")))
		o := b.observe(b.Context(), b.mutex())
		b.saw(o, "x")
		b.lock(b.mutex(WithIdentity("db"), WithValue("x")))
		b.saw(o)
		b.lock(b.mutex(WithIdentity("db"), WithValue("y")))
		b.saw(o, "y")
	})
}

// Where the history is gone, the queue is read again, and the Observer is told.
func TestObserveReadsAgain(t *testing.T) {
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
		defer cancel()
		m := b.mutex()
		o := b.observe(ctx, m)
		b.saw(o, "")
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			return fakestore.Fault{Drop: r.Waits()}
		})
		b.Cut()
		synctest.Wait() // an open poll would see what comes now
		b.Put(dir+"/other", "unseen", 0)
		b.Remove(dir + "/other")
		b.Put(dir+"/other", "x", 0)
		b.Forget()
		b.Obey(nil)
		time.Sleep(time.Minute)
		b.saw(o, "x")
		if events := fakestore.Told[ObservationReopened](&b.events); len(events) == 0 || events[0].Name != dir || events[0].Err == nil {
			b.Errorf("told were %v", events)
		}
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 503} })
		<-o.done
		b.is(o.err, context.DeadlineExceeded)
	})
}

// A watch that begins after a read without an index would begin from now on, and miss what has happened since. So
// an Observe reads again until the server tells the index.
func TestObserveThatIsNotToldTheIndex(t *testing.T) {
	inBubble(t, func(b *bubble) {
		var told, changed atomic.Bool
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if begins := r.Waits() || r.Method == http.MethodHead; begins && !changed.Swap(true) { // a watch, after the read
				b.Put(dir+"/other", "between", 0)
			}
			return fakestore.Fault{Mute: !told.Load() && r.Reads(dir)}
		})
		o := b.observe(b.Context(), b.mutex())
		b.saw(o, "")
		told.Store(true)
		time.Sleep(5 * time.Second)
		b.saw(o, "between")
	})
}

// What the next time would be the same ends the loop, and so does leaving it.
func TestObserveEnds(t *testing.T) {
	inBubble(t, func(b *bubble) {
		for _, err := range b.mutex().Observe(b.Context()) {
			b.is(err, nil)
			break
		}
		b.Put("/file", "x", 0)
		for _, err := range NewMutex(b.client(), "/file").Observe(b.Context()) {
			b.is(err, etcd.ErrNotDir)
		}
		client := b.client()
		o := b.observe(b.Context(), NewMutex(client, dir))
		client.Close()
		<-o.done
		b.is(o.err, etcd.ErrClosed)
	})
}
