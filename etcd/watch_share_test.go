package etcd

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var watchShare = flag.String("watch.share", "", "whether the watches of random histories are shared: always, never, or by chance")

// mayShare makes client share even the poll of a single watch, by chance. The watch is then served by a feed of
// its own key, and that by a feed of the directory above.
func mayShare(t *testing.T, chance *rand.Rand, client *Client) *Client {
	t.Helper()
	by := chance.IntN(2) == 0
	if *watchShare == "always" || *watchShare == "" && by {
		client.hub.Limit = 0
		t.Log("shared")
	}
	return client
}

// herd are watches of /d/k00, /d/k01 and so on. What each brings is a line of its key.
type herd struct {
	running sync.WaitGroup
	cancel  context.CancelFunc

	mu    sync.Mutex
	lines map[string][]string
	ended map[string]error
}

func startHerd(t *testing.T, client *Client, watches int, opts ...WatchOption) *herd {
	t.Helper()
	h := &herd{lines: map[string][]string{}, ended: map[string]error{}}
	ctx, cancel := context.WithCancel(t.Context())
	h.cancel = cancel
	for i := range watches {
		key := fmt.Sprintf("/d/k%02d", i)
		h.running.Go(func() {
			for event, err := range client.Watch(ctx, key, opts...) {
				h.note(key, event, err)
			}
		})
		synctest.Wait()
	}
	t.Cleanup(h.end)
	<-time.After(10 * time.Second) // until those that poll have moved, and have made their first poll again
	return h
}

func (h *herd) note(key string, event *Response, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.ended[key] = err
		return
	}
	h.lines[key] = append(h.lines[key], fmt.Sprintf("%s %s@%d", event.Action, event.Node.Key, event.Index))
}

func (h *herd) end() {
	h.cancel()
	h.running.Wait()
}

// got returns what the watch of key has brought.
func (h *herd) got(key string) []string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines[key]
}

// polls is how many requests wait at a member, without those of the pulse.
func (m *fakeMember) polls() int { return m.open() - 1 }

func TestWatchesOfADirectoryShareAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		client := e.connect(t, Config{})
		h := startHerd(t, client, 40)
		check(t, "polls", e.members[0].polls(), 1)
		for i := range 40 {
			e.set(fmt.Sprintf("/d/k%02d", i))
		}
		e.happen("delete", "/d", true)
		<-time.After(time.Second)
		for i := range 40 {
			key := fmt.Sprintf("/d/k%02d", i)
			check(t, key, h.got(key), []string{fmt.Sprintf("set %s@%d", key, 4+i), "delete /d@44"})
		}
	})
}

func TestWatchesDoNotShareForOneTooFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		startHerd(t, e.connect(t, Config{}), defaultWatchPolls)
		check(t, "polls", e.members[0].polls(), defaultWatchPolls)
	})
}

// Indexes of different clusters cannot be compared.
func TestClientOfSeveralClustersSharesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		startHerd(t, e.connect(t, Config{ClusterID: AnyCluster}), 20)
		check(t, "polls", e.members[0].polls(), 20)
	})
}

// Each watch may do with its events what it likes.
func TestWatchesThatShareHaveEventsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		client := e.connect(t, Config{})
		client.hub.Limit = 0
		var events []*Response
		var running sync.WaitGroup
		var mu sync.Mutex
		for range 2 {
			running.Go(func() {
				event, err := client.WatchOnce(t.Context(), "/d/k")
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				events = append(events, event)
			})
		}
		<-time.After(time.Second)
		e.set("/d/k")
		running.Wait()
		if events[0] == events[1] || events[0].Node == events[1].Node {
			t.Error("two watches have the same event")
		}
	})
}

// refuse makes a member refuse to let the directory be watched from any of the first indexes.
func (m *fakeMember) refuse(dir string) {
	m.change(func() {
		if m.aside == nil {
			m.aside = map[string]http.HandlerFunc{}
		}
		for i := range 500 {
			m.aside[fmt.Sprintf("GET /v2/keys%s?recursive=true&wait=true&waitIndex=%d", dir, i)] = refused
		}
		if dir == "/" {
			m.aside[changeLine] = refused
		}
	})
}

func TestWatchesWhoseDirectoryIsRefusedPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		e.members[0].refuse("/d")
		e.members[0].refuse("/")
		h := startHerd(t, e.connect(t, Config{WatchPolls: 2}), 5)
		check(t, "polls", e.members[0].open(), 5) // that of the pulse is refused
		e.set("/d/k04")
		<-time.After(time.Second)
		check(t, "events", h.got("/d/k04"), []string{"set /d/k04@4"})
	})
}

// A feed that ends while it is not known whether the history is the same leaves its watches to find that out.
func TestWatchesThatLeaveAnInterruptedFeedCheckTheHistory(t *testing.T) {
	for name, wiped := range map[string]bool{"the same": false, "another one": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				m := e.members[0]
				e.fill(3)
				client := e.connect(t, Config{WatchPolls: 2})
				h := startHerd(t, client, 5)
				check(t, "polls", m.polls(), 1)
				e.set("/d/k00")
				<-time.After(time.Second)
				m.refuse("/d")
				if wiped {
					e.wipe(func() { e.fill(20) })
				} else {
					m.hangUp()
				}
				<-time.After(3 * time.Minute)
				e.set("/d/k01")
				<-time.After(5 * time.Second)
				if !wiped {
					check(t, "events", h.got("/d/k01"), []string{"set /d/k01@5"})
					return
				}
				check(t, "events", len(h.got("/d/k01")), 0)
				h.running.Wait()
				for _, err := range h.ended {
					checkIs(t, err, ErrClusterRolledBack)
				}
				check(t, "watches that ended", len(h.ended), 5)
			})
		})
	}
}

// When few are left, each polls again, behind what the feed has brought.
func TestWatchesThatAreLeftPollBehindTheFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		client := e.connect(t, Config{})
		many, few := startHerd(t, client, 18), startHerd(t, client, 2)
		check(t, "polls", e.members[0].polls(), 1)
		e.set("/d/k00")
		<-time.After(time.Second)
		many.end()
		<-time.After(10 * time.Second)
		check(t, "polls", e.members[0].polls(), 2)
		e.set("/d/k00")
		<-time.After(time.Second)
		check(t, "events", few.got("/d/k00"), []string{"set /d/k00@4", "set /d/k00@5"})
	})
}

// What a feed has brought shows that members serve the watch, so that the page of a gateway does not end it afterwards.
func TestWatchThatLeavesAFeedOutlivesThePageOfAGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		m := e.members[0]
		client := e.connect(t, Config{})
		many, few := startHerd(t, client, 18), startHerd(t, client, 2)
		e.set("/d/k00")
		<-time.After(time.Second)
		m.change(func() {
			m.aside = map[string]http.HandlerFunc{}
			for i := range 9 {
				m.aside[fmt.Sprintf("GET /v2/keys/d/k00?wait=true&waitIndex=%d", i)] = text(404, "404 page not found\n")
			}
		})
		many.end()
		<-time.After(10 * time.Second)
		m.change(func() { m.aside = nil })
		<-time.After(10 * time.Second)
		e.set("/d/k00")
		<-time.After(time.Second)
		check(t, "events", few.got("/d/k00"), []string{"set /d/k00@4", "set /d/k00@5"})
	})
}

// A feed of a process that is out of files has missed nothing, so that a watch that joins it need not wait.
func TestWatchJoinsTheFeedOfAProcessOutOfFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		var exhausted atomic.Bool
		config := Config{Endpoints: []string{e.members[0].url}}
		client := connectBy(t, config, func(ctx context.Context, network, address string) (net.Conn, error) {
			if exhausted.Load() {
				return outOfFiles(ctx, network, address)
			}
			return e.net.Dial(ctx, network, address)
		})
		startHerd(t, client, 40)
		e.set("/d/k00")
		<-time.After(10 * time.Second)
		exhausted.Store(true)
		<-time.After(70 * time.Second) // longer than a poll
		late := startWatch(t, client, "/d/k00", WithAfterIndex(3))
		check(t, "event", late.takeWithin(t, 0), "set /d/k00@4")
		late.end(t)
	})
}

// Behind a proxy that holds headers back, no header tells that the feed goes on after an interruption.
func TestWatchJoinsAnInterruptedFeedBehindAProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(3)
		client := e.connect(t, Config{})
		startHerd(t, client, 40)
		e.set("/d/k00")
		<-time.After(10 * time.Second)
		e.members[0].change(func() { e.members[0].proxy = inChunks })
		e.members[0].hangUp()
		<-time.After(10 * time.Second)
		late := startWatch(t, client, "/d/k00", WithAfterIndex(3))
		check(t, "event", late.takeWithin(t, 0), "set /d/k00@4")
		late.end(t)
	})
}
