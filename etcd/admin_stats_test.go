package etcd

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestSelfStats(t *testing.T) {
	s := serve(t, text(200, `{"name":"m1","id":"a1","state":"StateFollower","startTime":"2026-11-22T22:45:42.5Z","leaderInfo":{`+
		`"leader":"b2","uptime":"5.8s","startTime":"2026-11-22T22:45:42.7Z"},"recvAppendRequestCnt":42,"recvPkgRate":7.5,`+
		`"recvBandwidthRate":622.25,"sendAppendRequestCnt":3}`))
	got, err := connect(t, s.url).SelfStats(t.Context())
	check(t, "error", err, nil)
	check(t, "statistics", got, SelfStats{
		ID: "a1", Name: "m1", State: "StateFollower", StartTime: time.Date(2026, 11, 22, 22, 45, 42, 5e8, time.UTC),
		Leader: "b2", LeaderSince: time.Date(2026, 11, 22, 22, 45, 42, 7e8, time.UTC),
		Received: AppendStats{42, 7.5, 622.25}, Sent: AppendStats{Requests: 3},
	})
	check(t, "requests", s.got(), []string{"GET /v2/stats/self"})
}

func TestStoreStats(t *testing.T) {
	s := serve(t, text(200, `{"getsSuccess":1,"getsFail":2,"setsSuccess":3,"setsFail":4,"deleteSuccess":5,"deleteFail":6,"updateSuccess":7,`+
		`"updateFail":8,"createSuccess":9,"createFail":10,"compareAndSwapSuccess":11,"compareAndSwapFail":12,`+
		`"compareAndDeleteSuccess":13,"compareAndDeleteFail":14,"expireCount":15,"watchers":16}`))
	got, err := connect(t, s.url).StoreStats(t.Context())
	check(t, "error", err, nil)
	check(t, "statistics", got, StoreStats{
		GetsSuccess: 1, GetsFail: 2, SetsSuccess: 3, SetsFail: 4, DeleteSuccess: 5, DeleteFail: 6, UpdateSuccess: 7, UpdateFail: 8,
		CreateSuccess: 9, CreateFail: 10, CompareAndSwapSuccess: 11, CompareAndSwapFail: 12,
		CompareAndDeleteSuccess: 13, CompareAndDeleteFail: 14, ExpireCount: 15, Watchers: 16,
	})
	check(t, "requests", s.got(), []string{"GET /v2/stats/store"})
}

func TestStatsRefuseOtherReplies(t *testing.T) {
	for _, body := range []string{"", "{}", "[]", "<html>", `{"startTime":7,"getsSuccess":"1"}`} {
		client := connect(t, serve(t, text(200, body)).url)
		_, self := client.SelfStats(t.Context())
		_, store := client.StoreStats(t.Context())
		check(t, body, []int{status(self), status(store)}, []int{200, 200})
	}
	leader := serve(t, text(200, ""), text(200, "{}"))
	leader.replies[0] = text(200, fmt.Sprintf(`{"id":"a1","clientURLs":[%q]}`, leader.url))
	_, err := connect(t, leader.url).LeaderStats(t.Context())
	check(t, "status of a leader's {}", status(err), 200)
	client := connect(t, serve(t, text(404, pageMissing)).url)
	_, self := client.SelfStats(t.Context())
	checkIs(t, self, ErrNotSupported)
	_, err = client.LeaderStats(t.Context())
	checkIs(t, err, ErrNotSupported)
}

// leaderStats has one follower that answered and one that never did.
const leaderStats = `{"leader":"a1","followers":{` +
	`"b2":{"latency":{"current":1.5,"average":2,"standardDeviation":0.25,"minimum":0.000129,"maximum":1e300},"counts":{"fail":1,"success":2}},` +
	`"c3":{"latency":{"current":0,"average":0,"standardDeviation":0,"minimum":9223372036854776000,"maximum":0},"counts":{"fail":13,"success":0}}}}`

func TestLeaderStatsAreAskedOfTheLeader(t *testing.T) {
	leader := serve(t, text(200, leaderStats))
	follower := serve(t, text(200, fmt.Sprintf(`{"id":"a1","name":"m1","peerURLs":[],"clientURLs":[%q,%q]}`, closedPort, leader.url)))
	client := connectWith(t, Config{Endpoints: []string{follower.url}, Username: "root", Password: "s3cret"})
	got, err := client.LeaderStats(t.Context())
	check(t, "error", err, nil)
	check(t, "statistics", got, LeaderStats{Leader: "a1", Followers: map[string]FollowerStats{
		"b2": {Succeeded: 2, Failed: 1, Latency: Latency{
			1500 * time.Microsecond, 2 * time.Millisecond, 250 * time.Microsecond, 129, math.MaxInt64,
		}},
		"c3": {Failed: 13},
	}})
	check(t, "requests to the leader", leader.got(), []string{"GET /v2/stats/leader"})
	check(t, "credentials", leader.headers[0].Get("Authorization"), "")
}

func TestLeaderStatsWithoutALeader(t *testing.T) {
	_, err := connect(t, serve(t, said(503, "During election")).url).LeaderStats(t.Context())
	checkIs(t, err, ErrLeaderElect)

	// It has lost the leadership since it said that it leads.
	lost := serve(t, text(200, ""), said(403, "not current leader"))
	lost.replies[0] = text(200, fmt.Sprintf(`{"id":"a1","clientURLs":[%q]}`, lost.url))
	_, err = connect(t, lost.url).LeaderStats(t.Context())
	checkIs(t, err, ErrLeaderElect)
	check(t, "status", status(err), 403)

	unreachable := serve(t, text(200, `{"id":"a1","clientURLs":["nonsense"]}`))
	_, err = connect(t, unreachable.url).LeaderStats(t.Context())
	checkIs(t, err, ErrInvalidArgument)
	nowhere := serve(t, text(200, `{"id":"a1","clientURLs":[]}`))
	_, err = connect(t, nowhere.url).LeaderStats(t.Context())
	checkIs(t, err, ErrLeaderElect)
}

// Etcd 0.x tells only the leader's peer URL, but names it first among the members.
func TestLeaderStatsOfEtcd0(t *testing.T) {
	leader := serve(t, routes(map[string]http.HandlerFunc{"/v2/stats/leader": text(200, leaderStats)})).asEtcd0()
	follower := serve(t, routes(map[string]http.HandlerFunc{
		"/version": text(200, "etcd 0.4.9"), "/v2/leader": text(200, "http://127.0.0.1:7001"),
		"/v2/stats/leader": text(403, "not current leader"), "/v2/machines": text(200, leader.url+", "+closedPort),
	})).asEtcd0()
	got, err := connect(t, follower.url).LeaderStats(t.Context())
	check(t, "error", err, nil)
	check(t, "leader", got.Leader, "a1")
}

func TestURLsOfTheLeaderShareTheCallersTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &network{}
		net.serve(t, "hangs", hang)
		net.serve(t, "leads", text(200, leaderStats))
		follower := net.serve(t, "a", text(200, `{"id":"a1","clientURLs":["http://hangs","http://hangs","http://leads"]}`))
		client := net.connect(t, Config{Endpoints: []string{follower.url}})
		start := time.Now()
		err := within(t, 9*time.Second, func(ctx context.Context) error {
			_, err := client.LeaderStats(ctx)
			return err
		})
		check(t, "error", err, error(nil))
		check(t, "time", time.Since(start), 6*time.Second)
	})
}
