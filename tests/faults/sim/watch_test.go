package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// How long watches may take, in a cluster without faults, to reach the present: a connection that is dead shows
// only when the poll on it is made again, and the next one may be as dead. If the history has moved on by then, what the
// first one may still bring is waited for, for a minute. All that takes up to 160 s.
const watchesReach = 3 * time.Minute

// TestWatch: a watch delivers every event behind its starting point, in order and once, or ends with an error
// that says how far it came and why, truly. In a cluster without faults it reaches the present.
func TestWatch(t *testing.T) {
	run(t, "watch", gardenOptions(0), watches)
}

// TestWatchRestored: so it does if the cluster is made anew from an older copy, or from nothing. It then ends with
// ErrClusterRolledBack or ErrWrongCluster, except as Client.Watch says.
func TestWatchRestored(t *testing.T) {
	run(t, "watchrestored", gardenOptions(2), watches)
}

// gardenReaders are the clients that watch, and what each watches, recursively or not.
var gardenReaders = []struct {
	config etcd.Config
	keys   map[string]bool
}{
	{etcd.Config{WatchPolls: -1}, gardenKeys},
	{etcd.Config{WatchPolls: 2}, gardenFeedKeys},
	{etcd.Config{WatchPolls: 3, PollTimeout: 20 * time.Second}, gardenFeedKeys},
	{etcd.Config{PulseInterval: 200 * time.Millisecond, WatchPolls: -1}, gardenKeys},
	// What these have in common is the root. A feed of it does not pay, because of the floods.
	{etcd.Config{WatchPolls: 3}, map[string]bool{"/a/k0": false, "/a/d1": true, "/c/k": false, "/d": true, "/e/k": false}},
	// Nothing can ask a member to end a poll of these.
	{etcd.Config{HTTPClient: &http.Client{}, WatchPolls: -1}, map[string]bool{"/a": true, "/a/d1": true, "/a/k0": false}},
}

var (
	gardenKeys     = map[string]bool{"/a": true, "/a/d1": true, "/a/d2": true, gardenHidden: true, "/a/k0": false, "/a/d1/k0": false}
	gardenFeedKeys = map[string]bool{
		"/a": true, "/a/d1": true, "/a/d2": true, gardenHidden: true, "/a/k0": false, "/a/d1/k0": false,
		"/a/k1": false, "/a/d1/k1": false, "/a/d2/k0": false, "/a/d10": true, "/a/d1/q": true, "/a/none": false,
	}
)

func watches(w *World) {
	g := &garden{w: w}
	g.grow(2, 300*time.Millisecond)
	g.flood("r0", "r1", "r2", "r3", "r4", "r5")
	o := &observers{w: w, garden: g, views: map[string]*view{}}
	for i, r := range gardenReaders {
		o.follow(fmt.Sprint("r", i), r.config, r.keys)
	}
	for left := w.length; left > 0 && !w.Failed(); left -= 3 * time.Minute {
		w.DisturbFor(min(left, 3*time.Minute))
		o.reachThePresent()
	}
	w.Stop()
}

// reader is a client that several watches use.
type reader struct {
	g      *garden
	name   string
	config etcd.Config

	mu     sync.Mutex
	client *etcd.Client
}

// again returns the client, which is made anew if old could not be used for what followed.
func (r *reader) again(old *etcd.Client, err error) *etcd.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old != nil && old == r.client {
		r.client = r.g.again(r.name, old, r.config, err)
	}
	return r.client
}

// observers are all the watches of a run.
type observers struct {
	w         *World
	garden    *garden
	followers []*follower

	mu    sync.Mutex
	views map[string]*view
}

// follow adds a client, and watches of keys, recursive or not.
func (o *observers) follow(name string, config etcd.Config, keys map[string]bool) {
	shared := &reader{g: o.garden, name: name, config: config, client: o.w.Client(name, config)}
	for key, recursive := range keys {
		f := &follower{o: o, reader: shared, key: key, recursive: recursive, chance: o.w.Chance(name + key)}
		o.followers = append(o.followers, f)
		o.w.Go(f.run)
	}
}

// reachThePresent checks that all watches come to what is the present now. Then faults go on.
func (o *observers) reachThePresent() {
	o.garden.calm.Store(true)
	began := time.Now()
	record := o.w.Cluster.Record()
	now := record.Index()
	for !o.w.Failed() {
		var late *follower
		for _, f := range o.followers {
			if !f.has(record, now) {
				late = f
			}
		}
		if late == nil {
			break
		}
		if time.Since(began) > watchesReach {
			o.w.Errorf("%v: %v after the last fault %v has not come to %d", time.Now(), watchesReach, late, now)
			break
		}
		time.Sleep(time.Second)
	}
	if took := int(time.Since(began).Seconds()); took > o.w.Counted("slowest to catch up, s") {
		o.w.Count("slowest to catch up, s", took-o.w.Counted("slowest to catch up, s"))
	}
	o.garden.calm.Store(false)
}

// follower watches a key, again and again.
type follower struct {
	o *observers
	*reader
	key       string
	recursive bool
	chance    *Chance

	last *etcd.Response // that was delivered or read, to go on from
	lack error          // why the last watch ended

	mu   sync.Mutex
	seen *sighting
}

func (f *follower) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprintf("%s's watch of %s %+v", f.name, f.key, f.seen)
}

func (f *follower) run(ctx context.Context) {
	var client *etcd.Client
	for ctx.Err() == nil {
		client = f.again(client, f.lack)
		f.lack = f.watch(ctx, client)
		if f.lack != nil {
			f.last = nil
			pause(ctx, f.chance.Between(0, time.Second))
		}
	}
}

// watch watches once, and checks what it saw. It returns why the watch ended, or nil if this test has ended it.
func (f *follower) watch(ctx context.Context, client *etcd.Client) error {
	s := &sighting{f: f, from: len(f.o.w.Cluster.Records()) - 1}
	opts := f.begin(s)
	f.mu.Lock()
	f.seen = s
	f.mu.Unlock()
	f.o.w.Count("watches", 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	enough := f.chance.About(time.Minute)
	defer time.AfterFunc(enough, func() {
		if !f.g.calm.Load() {
			cancel()
		}
	}).Stop()
	slow := f.chance.Happens(0.1)
	var why error
	for event, err := range client.Watch(ctx, f.key, opts...) {
		if why = err; err != nil {
			break
		}
		f.mu.Lock()
		s.saw(event)
		f.mu.Unlock()
		f.last = event
		if slow && !f.g.calm.Load() {
			pause(ctx, f.chance.About(time.Second))
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if why == nil {
		f.o.w.Errorf("%s's watch of %s ended without an error", f.name, f.key)
	}
	ours := ctx.Err() != nil && errors.Is(why, ctx.Err())
	s.check(why, ours)
	if ours {
		return nil
	}
	return why
}

// begin returns the options with which the next watch begins.
func (f *follower) begin(s *sighting) []etcd.WatchOption {
	opts := []etcd.WatchOption{etcd.If(f.recursive, etcd.WatchOption(etcd.WithRecursive()))}
	switch n := f.chance.Below(10); {
	case f.last != nil && n < 3:
		s.after, s.how = f.last.Index, "resumed"
		return append(opts, etcd.WithAfterIndex(f.last.Index))
	case f.last != nil && n < 8:
		resp := f.last
		if n < 6 { // as a program does that starts again
			text, err := json.Marshal(resp)
			if resp = new(etcd.Response); err != nil || json.Unmarshal(text, resp) != nil {
				f.o.w.Errorf("a response cannot be stored: %v", err)
			}
		}
		s.after, s.how = resp.Index, "resumed by a response"
		return append(opts, etcd.WithAfterResponse(resp))
	case f.last == nil && n < 5:
		s.how = "current"
		return append(opts, etcd.WithCurrent())
	}
	s.how = "now"
	return opts
}
