package sim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/etcdv2/client/etcd"
)

// TestRegisters: a key is a register that is linearizable, as far as clients can see: for quorum reads, Set,
// CompareAndSwap, Modify and Delete. A write of which the outcome is unknown may take effect at any time later, or
// never. One that has failed otherwise takes none, except that a copy of a Create WithUniqueValue may be late, if it was
// sent more than once. Nothing here asks the record.
func TestRegisters(t *testing.T) {
	var all []*register
	run(t, "registers", fateOptions(), func(w *World) {
		r := &registers{w: w, now: map[int]*register{}}
		for i := range 5 {
			name := fmt.Sprintf("r%d", i)
			user := &registerUser{id: i, chance: w.Chance(name)}
			user.client = w.Client(name, etcd.Config{Observer: user})
			w.Go(func(ctx context.Context) {
				for n := 0; ctx.Err() == nil; n++ {
					r.step(ctx, user, fmt.Sprint(name, "-", n))
					pause(ctx, user.chance.About(100*time.Millisecond))
				}
			})
		}
		w.Disturb()
		for client, limit := w.Client("last", etcd.Config{}), time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
			if _, err := client.Exists(w.Context(), "/"); err == nil {
				break
			} else if time.Now().After(limit) {
				w.Errorf("a minute after the last fault: %v", err)
				break
			}
		}
		w.Stop()
		w.Count("registers", len(r.all))
		all = append(all, r.all...)
	})
	for _, r := range all { // outside of the bubble, where limits count
		r.check(t)
	}
}

// registers are keys in use. Each is used for a while only, so that its history can be checked in a short time.
type registers struct {
	w *World

	mu  sync.Mutex
	now map[int]*register
	all []*register
}

// registerUser is a client that makes one call after the other.
type registerUser struct {
	id     int
	client *etcd.Client
	chance *Chance
	writes atomic.Int64 // that it has sent
}

// Observe counts the writes.
func (u *registerUser) Observe(event etcd.Event) {
	if e, ok := event.(etcd.AttemptStarted); ok && e.Method == http.MethodPut {
		u.writes.Add(1)
	}
}

// register is a key and its history.
type register struct {
	seed uint64
	key  string

	mu      sync.Mutex
	history []porcupine.Operation
}

const (
	mostOperations = 120 // of one register
	checkLimit     = 20 * time.Second
)

// get returns the register that a client uses now in place of the n-th.
func (r *registers) get(n int) *register {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now[n]
	if now == nil || now.size() >= mostOperations {
		now = &register{seed: r.w.chance.seed, key: fmt.Sprint("/r/", len(r.all))}
		r.now[n], r.all = now, append(r.all, now)
	}
	return now
}

func (r *register) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.history)
}

// ask is what a client asked of a register. Each value is written by one call only.
type ask struct {
	verb  string
	value string
	prev  string // what a swap compares with; what a Modify has seen last
}

// said is what it heard.
type said struct {
	unknown, refused bool
	seen             string // the value that was read, replaced or deleted; "" for none
}

// registerModel is the model of a register. Its state is its value, "" where it does not exist.
var registerModel = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		in, out, now := input.(ask), output.(said), state.(string)
		switch in.verb {
		case "read":
			return out.seen == now, now
		case "set":
			return out.unknown || out.seen == now, in.value
		case "create":
			return out.unknown || out.refused == (now != ""), either(now == "", in.value, now)
		case "swap":
			return out.unknown || out.refused == (now != in.prev), either(now == in.prev, in.value, now)
		case "delete":
			return out.unknown || out.seen == now && out.refused == (now == ""), ""
		}
		panic(in.verb)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

func either(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// step makes one call of a register.
func (r *registers) step(ctx context.Context, u *registerUser, value string) {
	client, chance := u.client, u.chance
	reg, unique, sent := r.get(chance.Below(2)), false, u.writes.Load()
	ctx, cancel := context.WithTimeout(ctx, Pick(chance, limits))
	defer cancel()
	in, began := ask{value: value}, time.Now()
	var resp *etcd.Response
	var err error
	switch draw := chance.Below(10); {
	case draw < 3:
		in.verb = "read"
		resp, err = client.Get(ctx, reg.key, etcd.WithQuorum())
	case draw < 4:
		in.verb = "set"
		resp, err = client.Set(ctx, reg.key, value)
	case draw < 5:
		in.verb = "create"
		unique = chance.Happens(0.5)
		resp, err = client.Create(ctx, reg.key, value, etcd.If(unique, etcd.CreateOption(etcd.WithUniqueValue())))
	case draw < 7:
		in.verb = "swap"
		found, readErr := client.Get(ctx, reg.key)
		if readErr != nil {
			return
		}
		in.prev, began = found.Node.Value, time.Now()
		prev := etcd.Prev{Value: in.prev}
		resp, err = client.CompareAndSwap(ctx, reg.key, value, prev,
			etcd.If(chance.Happens(0.5), etcd.CompareAndSwapOption(etcd.WithUniqueValue())))
	case draw < 9:
		in.verb = "swap"
		resp, err = client.Modify(ctx, reg.key, func(current string) (string, error) {
			in.prev = current
			return value, nil
		}, etcd.WithCreate())
	default:
		in.verb = "delete"
		resp, err = client.Delete(ctx, reg.key)
	}
	r.note(reg, u.id, in, began, resp, err)
	if unique && u.writes.Load() > sent+1 { // one of the copies may come late
		r.w.Count("sent again", 1)
		reg.add(u.id, in, began, said{unknown: true}, math.MaxInt64)
	}
}

// note adds a call that has ended to the history, unless nothing has come of it.
func (r *registers) note(reg *register, id int, in ask, began time.Time, resp *etcd.Response, err error) {
	out, ended := said{unknown: errors.Is(err, etcd.ErrOutcomeUnknown)}, time.Now().UnixNano()
	switch {
	case out.unknown:
		ended = math.MaxInt64
		r.w.Count("unknown", 1)
	case err == nil && in.verb == "read":
		out.seen = resp.Node.Value
	case err == nil && resp.PrevNode != nil:
		out.seen = resp.PrevNode.Value
	case err == nil:
	case isKeyRefusal(err):
		out.refused = true
		r.w.Count("refused", 1)
	default:
		r.w.Count("not done", 1)
		return
	}
	r.w.Count(in.verb, 1)
	reg.add(id, in, began, out, ended)
}

// add adds a call to the history.
func (r *register) add(id int, in ask, began time.Time, out said, ended int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, porcupine.Operation{
		ClientId: id, Input: in, Call: began.UnixNano(), Output: out, Return: ended,
	})
}

// isKeyRefusal reports whether etcd has refused a call for what was at its key.
func isKeyRefusal(err error) bool {
	return errors.Is(err, etcd.ErrKeyNotFound) || errors.Is(err, etcd.ErrNodeExist) || errors.Is(err, etcd.ErrCompareFailed)
}

// check fails t if no order of the calls explains what clients saw.
func (r *register) check(t *testing.T) {
	switch result, info := porcupine.CheckOperationsVerbose(registerModel, r.history, checkLimit); result {
	case porcupine.Illegal:
		violation(t, "%s is not linearizable, SIM_SEED=%d; it is at most so far:", r.key, r.seed)
		r.show(t, info)
	case porcupine.Unknown:
		t.Logf("%s: not decided within %v", r.key, checkLimit)
	}
}

// show shows the calls of which the longest order that explains some leaves out the first.
func (r *register) show(t *testing.T, info porcupine.LinearizationInfo) {
	longest := map[int]bool{}
	for _, some := range info.PartialLinearizations() {
		for _, order := range some {
			if len(order) > len(longest) {
				clear(longest)
				for _, i := range order {
					longest[i] = true
				}
			}
		}
	}
	for i, op := range r.history {
		t.Logf("%t %d %s to %s: %s", longest[i], op.ClientId, time.Unix(0, op.Call).UTC().Format("15:04:05.000"),
			time.Unix(0, op.Return).UTC().Format("15:04:05.000"), registerModel.DescribeOperation(op.Input, op.Output))
	}
}
