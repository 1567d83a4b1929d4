package sim

import (
	"context"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// A watch that was cut off looks for a change that it knows. What it has read may show none: a directory that was made
// with a key in it, and a key that was refreshed, have no events of their own. The history is the same all the same.
// TestWatchRestored found it with the seeds 11 and 13.
func TestWhatWasReadIsInTheHistory(t *testing.T) {
	for name, story := range map[string]struct{ before, meanwhile []string }{
		"directory without an event": {
			[]string{"PUT /v2/keys/a/d/k?value=1", "DELETE /v2/keys/a/d/k"}, []string{"PUT /v2/keys/a/x?value=1"},
		},
		"refreshed key": {
			[]string{"PUT /v2/keys/a/k?value=1&ttl=60", "PUT /v2/keys/a/k?ttl=90&refresh=true&prevExist=true"},
			[]string{"DELETE /v2/keys/a/k"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, Options{Members: 1}, func(l *lab) {
				m := l.leader()
				for _, request := range story.before {
					l.ask(m, request)
				}
				client := l.Client("r", etcd.Config{})
				ctx, cancel := context.WithTimeout(l.ctx, 20*time.Second)
				defer cancel()
				events := 0
				for event, err := range client.Watch(ctx, "/a", etcd.WithRecursive(), etcd.WithCurrent()) {
					if err != nil {
						l.Errorf("behind %d events it ended with %v", events, err)
						break
					}
					if events++; event.Action != etcd.ActionGet {
						break
					}
					go func() {
						time.Sleep(5 * time.Second)
						heal := pathFaults[Refuse](l.net.path("r", m.name))
						for _, request := range story.meanwhile {
							l.ask(m, request)
						}
						heal()
					}()
				}
			})
		})
	}
}
