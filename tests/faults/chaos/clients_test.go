package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
)

const (
	roundLasts  = 2 * time.Second // then new keys are taken, or the check would take ever longer
	roundKeys   = 4
	stepPace    = 3 * time.Millisecond // between two calls of a client
	stepTimeout = 3 * time.Second      // a client's patience with one call
)

// registers are clients that use the same few keys at the same time.
type registers struct {
	*run
	clients []*etcd.Client
	unique  bool // whether every other swap promises that its value is unique
	round   int
}

// play lets all clients work on new keys for a while and returns what happened to them.
func (s *registers) play(lasts time.Duration) *history {
	s.round++
	h := newHistory(s.run)
	until, end := context.WithTimeout(s.t.Context(), lasts)
	defer end()
	var working sync.WaitGroup
	for i, client := range s.clients {
		// The parts of the seed's choices below 1000 are others'.
		random := s.random(1000*s.round + i)
		worker := &worker{h, i, s.round, client, random, s.unique, map[string]*etcd.Node{}, 0}
		working.Go(func() {
			for pace(until, stepPace) {
				worker.step(s.t.Context())
			}
		})
	}
	working.Wait()
	return h
}

// worker is one client in one round.
type worker struct {
	*history
	id     int
	round  int
	client *etcd.Client
	random *rand.Rand
	unique bool
	last   map[string]*etcd.Node // what it last saw of a key, to compare with
	writes int
}

// step makes one call on one of the keys and notes what came of it.
func (w *worker) step(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	key := fmt.Sprintf("/round/%d-%d", w.round, w.random.IntN(roundKeys))
	choice := w.random.IntN(10)
	switch {
	case choice < 2:
		w.set(ctx, key)
	case choice < 6 && w.last[key] != nil:
		w.swap(ctx, key)
	default:
		w.get(ctx, key)
	}
}

func (w *worker) get(ctx context.Context, key string) {
	began := w.now()
	resp, err := w.client.Get(ctx, key, etcd.WithQuorum())
	switch {
	case err == nil:
		w.last[key] = resp.Node
		w.note(key, began, call{verb: "get"}, outcome{applied, resp.Node.Value})
	case errors.Is(err, etcd.ErrKeyNotFound):
		w.note(key, began, call{verb: "get"}, outcome{applied, ""})
	default:
		w.count("gets without answer", 1)
	}
}

func (w *worker) set(ctx context.Context, key string) {
	value, replaced, began := w.next(), "", w.now()
	resp, err := w.client.Set(ctx, key, value)
	if err == nil {
		w.last[key] = resp.Node
		if resp.PrevNode != nil {
			replaced = resp.PrevNode.Value
		}
	}
	if fateOf(err) == refused {
		// Nothing came of it, so there is nothing to explain. Should its value be seen, no
		// history explains that.
		w.count("writes not sent", 1)
		return
	}
	w.note(key, began, call{verb: "set", value: value}, outcome{fateOf(err), replaced})
}

func (w *worker) swap(ctx context.Context, key string) {
	node, value := w.last[key], w.next()
	prev := etcd.Prev{Index: node.ModifiedIndex}
	if w.random.IntN(2) == 0 {
		prev = etcd.Prev{Value: node.Value}
	}
	opts := promised[etcd.CompareAndSwapOption](w.unique && w.random.IntN(2) == 0)
	began := w.now()
	resp, err := w.client.CompareAndSwap(ctx, key, value, prev, opts...)
	switch {
	case err == nil:
		w.last[key] = resp.Node
	case errors.Is(err, etcd.ErrCompareFailed), errors.Is(err, etcd.ErrKeyNotFound):
		delete(w.last, key)
	case fateOf(err) == refused:
		w.count("writes not sent", 1)
		return
	}
	w.note(key, began, call{verb: "swap", value: value, prev: node.Value}, outcome{fate: fateOf(err)})
}

func (w *worker) note(key string, began int64, in call, out outcome) {
	w.add(w.id, key, began, in, out)
	w.count(fmt.Sprintf("%ss %v", in.verb, out.fate), 1)
}

// next returns a value that nobody else writes.
func (w *worker) next() string {
	w.writes++
	return fmt.Sprintf("%d-%d-%d", w.round, w.id, w.writes)
}
