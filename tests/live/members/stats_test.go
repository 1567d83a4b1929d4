package members_test

import (
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestStats(t *testing.T) {
	eachVersion(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		for _, member := range cluster.Members() {
			client := live.Client(t, member.URL())
			self := live.Must[etcd.SelfStats](t)(client.SelfStats(t.Context()))
			listed := memberOf(t, client, member.Name())
			if self.Name != member.Name() || self.ID != listed.ID || self.State == "" || time.Since(self.StartTime) > time.Hour {
				t.Errorf("%s says %+v, the list %+v", member.Name(), self, listed)
			}

			before := live.Must[etcd.StoreStats](t)(client.StoreStats(t.Context()))
			live.Must[*etcd.Response](t)(client.Create(t.Context(), "/"+member.Name(), "1"))
			live.Must[bool](t)(client.Exists(t.Context(), "/"+member.Name()))
			after := live.Must[etcd.StoreStats](t)(client.StoreStats(t.Context()))
			if after.CreateSuccess != before.CreateSuccess+1 || after.GetsSuccess <= before.GetsSuccess {
				t.Errorf("%s counted %+v, then %+v", member.Name(), before, after)
			}

			// Whoever is asked, the leader answers.
			var stats etcd.LeaderStats
			live.Eventually(t, "the leader has reached two followers", func() bool {
				var err error
				stats, err = client.LeaderStats(t.Context())
				reached := 0
				for _, follower := range stats.Followers {
					if follower.Succeeded > 0 {
						reached++
					}
				}
				return err == nil && reached == 2
			})
			leader := live.Must[etcd.Member](t)(client.Leader(t.Context()))
			if stats.Leader != leader.ID {
				t.Errorf("statistics are of %s, the leader is %s", stats.Leader, leader.ID)
			}
			members := live.Must[[]etcd.Member](t)(client.Members(t.Context()))
			for id, follower := range stats.Followers {
				if !slices.ContainsFunc(members, func(m etcd.Member) bool { return m.ID == id }) {
					t.Errorf("follower %s is no member", id)
				}
				if l := follower.Latency; l.Minimum > l.Average || l.Average > l.Maximum || l.Maximum > time.Minute {
					t.Errorf("latency of %s: %+v", id, l)
				}
			}
		}
	})
}
