package gateway_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/etcdv2/client/etcd"
)

const story = dir + "/1" // the key of newStory

var (
	errNoAnswer       = errors.New("no answer")
	errUnknownAndMore = fmt.Errorf("%w: %w", etcd.ErrOutcomeUnknown, etcd.ErrNodeExist)
)

// newStory returns the history of a key that is created, updated, deleted and set at the indexes 11 to 14,
// and the calls that did this, one after another.
func newStory() (*history, []*call) {
	h := newHistory(dir, 10)
	a := node{Key: story, Value: "a", ModifiedIndex: 11, CreatedIndex: 11}
	b := node{Key: story, Value: "b", ModifiedIndex: 12, CreatedIndex: 11}
	h.tell(event{etcd.ActionCreate, a, nil})
	h.tell(event{etcd.ActionUpdate, b, &a})
	h.tell(event{etcd.ActionDelete, node{Key: story, ModifiedIndex: 13, CreatedIndex: 11}, &b})
	h.tell(event{etcd.ActionSet, node{Key: story, Value: "c", ModifiedIndex: 14, CreatedIndex: 14}, nil})
	var calls []*call
	for i, v := range []verb{create, update, remove, set} {
		c := &call{verb: v, key: story, value: h.events[i].Node.Value, began: int64(2 * i), ended: int64(2*i + 1)}
		c.resp = h.answer(11 + uint64(i))
		calls = append(calls, c)
	}
	return h, calls
}

func (h *history) tell(e event) {
	h.last = e.Node.ModifiedIndex
	h.add(e)
}

// answer returns the server's answer to the write at index.
func (h *history) answer(index uint64) *etcd.Response {
	e, _ := h.eventAt(index)
	resp := &etcd.Response{Action: e.Action, Node: shown(&e.Node), Index: index}
	if e.PrevNode != nil {
		resp.PrevNode = shown(e.PrevNode)
	}
	return resp
}

func shown(n *node) *etcd.Node {
	return &etcd.Node{Key: n.Key, Value: n.Value, ModifiedIndex: n.ModifiedIndex, CreatedIndex: n.CreatedIndex}
}

// late returns a call that begins after the story.
func late(v verb, err error) *call {
	return &call{verb: v, key: story, value: string(v), began: 100, ended: 101, seen: 14, err: err}
}

// reads returns a late Get and its answer.
func reads(value string, modified, index uint64) *call {
	c := late(get, nil)
	c.value = ""
	c.resp = &etcd.Response{Action: etcd.ActionGet, Index: index}
	c.resp.Node = &etcd.Node{Key: story, Value: value, ModifiedIndex: modified, CreatedIndex: 11}
	return c
}

// A change makes another story of newStory's.
type change func(h *history, calls []*call) []*call

// also adds a call.
func also(c *call, and ...func(*call)) change {
	for _, also := range and {
		also(c)
	}
	return func(_ *history, calls []*call) []*call { return append(calls, c) }
}

// but changes a call.
func but(i int, what func(*call)) change {
	return func(_ *history, calls []*call) []*call {
		what(calls[i])
		return calls
	}
}

// written applies the last write again.
func written(h *history, calls []*call) []*call {
	h.tell(event{etcd.ActionSet, node{Key: story, Value: "c", ModifiedIndex: 15, CreatedIndex: 15}, &h.events[3].Node})
	return calls
}

// deleted adds a call that returns the deletion of another call.
func deleted(h *history, calls []*call) []*call {
	return append(calls, &call{verb: remove, key: story, began: 4, ended: 5, resp: h.answer(13)})
}

func fails(err error) func(*call) { return func(c *call) { c.resp, c.err = nil, err } }

func expects(value string) func(*call) { return func(c *call) { c.prev.Value = value } }

func knows(index uint64) func(*call) { return func(c *call) { c.seen = index } }

func quorum(c *call)    { c.quorum = true }
func ofNever(c *call)   { c.key = never }
func isThere(c *call)   { c.exists = true }
func isEarlier(c *call) { c.began, c.ended = 5, 6 }

var stories = map[string]struct {
	change change
	lie    string
}{
	"all is true":                        {but(0, func(*call) {}), ""},
	"an unknown write was applied":       {but(3, fails(etcd.ErrOutcomeUnknown)), ""},
	"an unknown write was not applied":   {also(late(set, etcd.ErrOutcomeUnknown)), ""},
	"a refused write was applied":        {but(3, fails(errNoAnswer)), "applied, said not to be"},
	"an applied write is nowhere":        {but(3, func(c *call) { c.value = "x" }), "not applied, said to be"},
	"a write was applied twice":          {written, "applied twice"},
	"an index is wrong":                  {but(3, func(c *call) { c.resp.Index = 13 }), "wrong index"},
	"a key is wrong":                     {but(3, func(c *call) { c.resp.Node.Key = never }), "wrong answer"},
	"an unknown deletion was applied":    {but(2, fails(etcd.ErrOutcomeUnknown)), ""},
	"a refused deletion was applied":     {but(2, fails(errNoAnswer)), "applied, said not to be"},
	"two deletions are one":              {deleted, "not applied, said to be"},
	"a creation of what is there":        {also(late(create, etcd.ErrNodeExist)), ""},
	"an update of what is not there":     {also(late(update, etcd.ErrKeyNotFound), isEarlier), ""},
	"a refusal without reason":           {also(late(update, etcd.ErrKeyNotFound)), "false refusal"},
	"a refusal that the verb cannot get": {also(late(set, etcd.ErrNodeExist)), "false refusal"},
	"unknown and refused":                {also(late(create, errUnknownAndMore)), "unknown and more"},
	"a comparison that holds":            {also(late(compareAndSwap, etcd.ErrCompareFailed), expects("c")), "false refusal"},
	"a comparison that does not hold":    {also(late(compareAndSwap, etcd.ErrCompareFailed), expects("b")), ""},
	"an old read":                        {also(reads("b", 12, 12)), ""},
	"an old read with quorum":            {also(reads("b", 12, 12), quorum), "old quorum read"},
	"a read of what was":                 {also(reads("b", 12, 14)), "wrong read"},
	"a read of another key":              {also(reads("b", 12, 12), ofNever), "wrong read"},
	"a read without answer":              {also(late(get, errNoAnswer)), ""},
	"a read that concludes":              {also(late(get, etcd.ErrNotDir)), "false conclusion of a read"},
	"a key is missing that is there":     {also(late(get, etcd.ErrKeyNotFound)), "false absence"},
	"a key was missing":                  {also(late(get, etcd.ErrKeyNotFound), knows(12)), ""},
	"a key was missing, with quorum":     {also(late(get, etcd.ErrKeyNotFound), knows(12), quorum), "false absence"},
	"a key does not exist that does":     {also(late(exists, nil)), "false absence"},
	"a key exists that never did":        {also(late(exists, nil), isThere, ofNever), "false existence"},
}

// The audit finds each kind of lie, and nothing else.
func TestAuditFindsLies(t *testing.T) {
	for name, test := range stories {
		t.Run(name, func(t *testing.T) {
			r := &run{t: t, counts: map[string]int{}}
			r.fail = func(format string, args ...any) { t.Logf("found: "+format, args...) }
			h, calls := newStory()
			calls = test.change(h, calls)
			found := newAudit(r, h, calls).check()
			if (found > 0) != (test.lie != "") || r.counted("LIES: "+test.lie) != found {
				t.Errorf("found %v, there should be: %s", r.counts, test.lie)
			}
		})
	}
}
