package watchfaults_test

import (
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

const (
	// faultLasts is longer than a frozen leader keeps its role, and than a short poll.
	faultLasts = 5 * time.Second
	// shortPoll is the least that there is.
	shortPoll = 2 * time.Second
)

// affected returns the member that a fault is done to, the leader or a follower.
func affected(t *testing.T, cluster *etcdtest.Cluster, leader bool) *etcdtest.Member {
	t.Helper()
	leads := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	for _, member := range cluster.Members() {
		if (member == leads) == leader {
			return member
		}
	}
	return nil
}

// others returns the endpoints of all members but one.
func others(cluster *etcdtest.Cluster, not *etcdtest.Member) (endpoints []string) {
	for _, member := range cluster.Members() {
		if member != not {
			endpoints = append(endpoints, member.URL())
		}
	}
	return endpoints
}

// playOn begins a scene whose watch begins with the affected member, while the writer stays away from
// it.
func playOn(t *testing.T, cluster *etcdtest.Cluster, member *etcdtest.Member, pollTimeout time.Duration) *scene {
	t.Helper()
	config := etcd.Config{Endpoints: cluster.Endpoints(), PollTimeout: pollTimeout}
	return play(t, beginsWith(t, config, member.URL()), live.Client(t, others(cluster, member)...))
}

// eachRole runs test on both versions, with a follower and with the leader as the member affected.
func eachRole(t *testing.T, test func(t *testing.T, s *scene, member *etcdtest.Member)) {
	for role, leader := range map[string]bool{"follower": false, "leader": true} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			each(t, 3, func(t *testing.T, cluster *etcdtest.Cluster) {
				member := affected(t, cluster, leader)
				test(t, playOn(t, cluster, member, shortPoll), member)
			})
		})
	}
}

// do fails the test if a step of a fault does not work.
func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMemberFrozen(t *testing.T) {
	eachRole(t, func(t *testing.T, s *scene, member *etcdtest.Member) {
		do(t, member.Freeze())
		s.see(20) // so the watch has left it
		do(t, member.Thaw())
		s.over()
		s.finish()
	})
}

func TestMemberKilled(t *testing.T) {
	eachRole(t, func(t *testing.T, s *scene, member *etcdtest.Member) {
		do(t, member.Kill())
		s.over() // there is no more to come
		s.finish()
	})
}

func TestMemberRestarted(t *testing.T) {
	eachRole(t, func(t *testing.T, s *scene, member *etcdtest.Member) {
		do(t, member.Stop())
		s.wrote(20)
		do(t, member.Restart(t.Context()))
		s.over()
		s.finish()
	})
}

func TestAllMembersRestarted(t *testing.T) {
	t.Parallel()
	each(t, 3, func(t *testing.T, cluster *etcdtest.Cluster) {
		s := playOn(t, cluster, affected(t, cluster, false), shortPoll)
		for _, member := range cluster.Members() {
			do(t, member.Kill())
		}
		do(t, cluster.Restart(t.Context()))
		s.over()
		s.finish()
	})
}

// A cluster of one, restarted: there is no other member to go to meanwhile.
func TestOnlyMemberRestarted(t *testing.T) {
	t.Parallel()
	each(t, 1, func(t *testing.T, cluster *etcdtest.Cluster) {
		s := play(t, live.Client(t, cluster.Endpoints()...), live.Client(t, cluster.Endpoints()...))
		do(t, cluster.Members()[0].Kill())
		do(t, cluster.Restart(t.Context()))
		s.over()
		s.finish()
	})
}
