package sim

import (
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// A watch waits at a member that lags. Its next poll goes to another member, whose history has moved on. A change that
// the first member has not applied yet must come, or the watch must end, because no history has that change any more.
func TestHistoryMovesOnWhileTheMemberOfAWatchLags(t *testing.T) {
	inCluster(t, Options{Members: 3}, func(l *lab) {
		c, m := l.Cluster, l.follower()
		l.ask(m, "PUT /v2/keys/a?value=1")
		client := l.Client("r", etcd.Config{PulseInterval: -1})
		for _, other := range c.Peers() { // the watch begins at m
			if p := l.net.path("r", other.name); other != m {
				p.change(func() { p.refused++ })
				time.AfterFunc(time.Second, func() { p.change(func() { p.refused-- }) })
			}
		}
		time.AfterFunc(4500*time.Millisecond, func() { // before the next poll
			p := l.net.path("r", m.name)
			p.change(func() { p.rates.dropRequest = 1 })
			time.AfterFunc(5*time.Second, func() { p.change(func() { p.rates.dropRequest = 0 }) })
			c.mu.Lock()
			m.process.lag = 20 * time.Second
			c.mu.Unlock()
			l.ask(l.leader(), "PUT /v2/keys/a?value=2")
			c.Flood("PUT", "/1/flood", 1100, 100*time.Microsecond)
		})
		time.AfterFunc(30*time.Second, func() { l.ask(l.leader(), "PUT /v2/keys/a?value=3") })
		last := ""
		for event, err := range client.Watch(l.ctx, "/a", etcd.WithCurrent()) {
			switch {
			case err != nil && !errors.Is(err, etcd.ErrEventIndexCleared):
				l.Errorf("it ended with %v", err)
			case err == nil && event.Node.Value == "3" && last != "2":
				l.Errorf("%s comes after %s", event.Node.Value, last)
			case err == nil && event.Node.Value != "3":
				last = event.Node.Value
				continue
			}
			break
		}
	})
}
