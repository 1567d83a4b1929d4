package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
)

// ledger is what clients did, for a comparison with the record.
type ledger struct {
	w *World

	mu    sync.Mutex
	calls []*ledgerCall
}

// ledgerCall is a call that has ended.
type ledgerCall struct {
	client       string
	verb         string
	key          string
	value        string // what it writes; no other call writes it
	prev         etcd.Prev
	ttl          time.Duration // what it asks for; 0 for none
	unique       bool          // with WithUniqueValue
	keeps        bool          // the TTL that the key has
	modifies     bool          // it may write more than once, after refusals
	began, ended time.Time
	stopped      bool // its context has ended
	resp         *etcd.Response
	err          error
	seen         uint64 // the highest index that its client had been shown before
	sent         []time.Time
	looked       []time.Time // when reads began that were answered
}

// String describes the call in a violation.
func (c *ledgerCall) String() string {
	text := fmt.Sprintf("%s %s %s", c.client, c.verb, c.key)
	if c.value != "" {
		text += "=" + c.value
	}
	if c.prev != (etcd.Prev{}) {
		text += fmt.Sprintf(" prev %+v", c.prev)
	}
	if c.ttl != 0 {
		text += fmt.Sprintf(" TTL %v", c.ttl)
	}
	const clock = "15:04:05.000"
	text += fmt.Sprintf(", %s to %s, sent %d times: ", c.began.Format(clock), c.ended.Format(clock), len(c.sent))
	if c.err != nil {
		return text + c.err.Error()
	}
	return text + fmt.Sprintf("%s at %d, %+v", c.resp.Action, c.resp.Index, c.resp.Node)
}

// isUnknown reports whether the library has said nothing of what became of the call. A write to another cluster
// may have been applied there.
func (c *ledgerCall) isUnknown() bool {
	return errors.Is(c.err, etcd.ErrOutcomeUnknown) || len(c.sent) > 0 && errors.Is(c.err, etcd.ErrWrongCluster)
}

// worker is a client that makes one call at a time.
type worker struct {
	ledger *ledger
	name   string
	chance *Chance
	client *etcd.Client
	n      int    // values so far
	seen   uint64 // the highest index that an answer had
	streak int    // of calls that were answered; guarded by the ledger

	mu           sync.Mutex
	sent, looked []time.Time // of the call under way
}

func (l *ledger) worker(name string) *worker {
	k := &worker{ledger: l, name: name, chance: l.w.Chance(name)}
	k.connect()
	return k
}

func (k *worker) connect() { k.client = k.ledger.w.Client(k.name, etcd.Config{Observer: k}) }

// Observe notes the attempts of the call under way.
func (k *worker) Observe(event etcd.Event) {
	a, ok := event.(etcd.AttemptEnded)
	if !ok || a.Outcome == etcd.OutcomeNotSent || a.Kind != etcd.KindCall {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch began := time.Now().Add(-a.Duration); {
	case a.Method == "GET" && a.Outcome == etcd.OutcomeAnswered:
		k.looked = append(k.looked, began)
	case a.Method != "GET" && a.Method != "HEAD":
		k.sent = append(k.sent, began)
	}
}

// value returns a value that nobody else writes.
func (k *worker) value() string {
	k.n++
	return fmt.Sprintf("%s-%d", k.name, k.n)
}

// limits are how long calls may take.
var limits = []time.Duration{300 * time.Millisecond, 3 * time.Second, 15 * time.Second, 40 * time.Second}

// do makes a call, and notes it.
func (k *worker) do(ctx context.Context, c *ledgerCall, how func(context.Context) (*etcd.Response, error)) *ledgerCall {
	ctx, cancel := context.WithTimeout(ctx, Pick(k.chance, limits))
	defer cancel()
	k.mu.Lock()
	k.sent, k.looked = nil, nil
	k.mu.Unlock()
	c.client, c.seen, c.began = k.name, k.seen, time.Now()
	c.resp, c.err = how(ctx)
	c.ended, c.stopped = time.Now(), ctx.Err() != nil
	k.mu.Lock()
	c.sent, c.looked = k.sent, k.looked
	k.mu.Unlock()
	k.note(c)
	return c
}

// note notes a call that has ended.
func (k *worker) note(c *ledgerCall) {
	l := k.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, c)
	var refusal *etcd.Error
	if errors.As(c.err, &refusal); refusal == nil || refusal.Code == 0 {
		refusal = nil
	}
	k.streak++
	switch {
	case c.err == nil:
		k.seen = max(k.seen, c.resp.Index)
		l.w.Count(c.verb, 1)
	case c.isUnknown():
		k.streak = 0
		l.w.Count("unknown", 1)
	case refusal != nil:
		k.seen = max(k.seen, refusal.Index)
		l.w.Count("refused", 1)
	default:
		k.streak = 0
		l.w.Count("not done", 1)
	}
}

// answered returns how many calls in a row were answered.
func (k *worker) answered() int {
	k.ledger.mu.Lock()
	defer k.ledger.mu.Unlock()
	return k.streak
}
