package replicate_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/replicate"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// write makes the load, until the marker tells the writers to stop.
func (l *long) write(t *testing.T, ctx context.Context) {
	rate := 3000
	if text := os.Getenv("REPLICATE_RATE"); text != "" {
		rate, _ = strconv.Atoi(text)
	}
	ctx, cancel := context.WithCancel(ctx)
	marks, err := l.client.Mirror(ctx, marker)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		_, err := marks.WaitFor(ctx, marker, func(n *etcd.Node) bool { return n != nil && n.Value == string(replicate.Stopped) })
		if err != nil && t.Context().Err() == nil {
			t.Error("a writer cannot see the marker: ", err)
		}
	}()
	tokens := make(chan struct{}, rate/50)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-tick.C:
				for range rate / 100 {
					select {
					case tokens <- struct{}{}:
					default:
					}
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	for w := range 64 {
		l.writers.Go(func() {
			random := rand.New(rand.NewPCG(rand.Uint64(), uint64(w)))
			for n := 0; ; n++ {
				select {
				case <-tokens:
				case <-ctx.Done():
					return
				}
				l.one(random, fmt.Sprintf("%d-%d-%d", w, n, random.Uint64()))
			}
		})
	}
}

// one writes once. A write that has begun goes on when the writers stop.
func (l *long) one(random *rand.Rand, value string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	key := fmt.Sprintf("/live/d%02d/k%03d", random.IntN(60), random.IntN(300))
	var err error
	switch n := random.IntN(400); {
	case n < 20:
		_, err = l.client.Delete(ctx, key)
	case n < 40:
		_, err = l.client.CreateInOrder(ctx, fmt.Sprintf("/live/queue%d", random.IntN(3)), value)
	case n < 60:
		_, err = l.client.Set(ctx, key, value, etcd.WithTTL(time.Duration(1+random.IntN(5))*time.Second))
	case n < 70:
		_, err = l.client.Set(ctx, key, value, etcd.WithTTL(time.Hour))
	case n < 72:
		_, err = l.client.Delete(ctx, fmt.Sprintf("/live/d%02d", random.IntN(60)), etcd.WithRecursive())
	case n == 73 && random.IntN(5) == 0:
		_, err = l.client.Delete(ctx, fmt.Sprintf("/live/queue%d", random.IntN(3)), etcd.WithRecursive())
	case n < 76:
		_, err = l.client.CreateDir(ctx, fmt.Sprintf("/live/dirs/%d", random.IntN(20)), etcd.If[etcd.SetOption](n == 75, etcd.WithTTL(time.Hour)))
	case n < 78:
		_, err = l.client.Delete(ctx, fmt.Sprintf("/live/dirs/%d", random.IntN(20)), etcd.WithRecursive())
	case n < 80:
		_, err = l.client.Set(ctx, fmt.Sprintf("/live/dirs/%d/x", random.IntN(20)), value)
	case n < 90:
		_, err = l.client.Set(ctx, fmt.Sprintf("/_locks/l%d", random.IntN(20)), value)
	default:
		_, err = l.client.Set(ctx, key, value)
	}
	var reply *etcd.Error
	switch {
	case err == nil:
		l.writes.Add(1)
		l.acked.Store(value, time.Now())
	case errors.As(err, &reply) && !errors.Is(err, etcd.ErrOutcomeUnknown):
		l.refused.Add(1)
	default:
		l.unknown.Add(1)
	}
}

// see watches the target, and notes how long after its acknowledgement each value appears there.
func (l *long) see(ctx context.Context) {
	saw := func(value string) {
		at, ok := l.acked.LoadAndDelete(value)
		if !ok {
			return // it was seen before it was acknowledged, or has been seen before
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lags = append(l.lags, time.Since(at.(time.Time)))
	}
	if l.child.V3 {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{l.child.Target}, Logger: zap.NewNop()})
		if err != nil {
			return
		}
		defer client.Close()
		for resp := range client.Watch(ctx, "/live/", clientv3.WithPrefix()) {
			for _, event := range resp.Events {
				saw(string(event.Kv.Value))
			}
		}
		return
	}
	client, err := etcd.New(etcd.Config{Endpoints: []string{l.child.Target}})
	if err != nil {
		return
	}
	defer client.Close()
	for ctx.Err() == nil {
		for event, err := range client.Watch(ctx, "/live", etcd.WithRecursive()) {
			if err == nil {
				saw(event.Node.Value)
			}
		}
	}
}
