package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const wellSince35 = `{"health":"true","reason":""}`

// listing answers with a list of members at those client URLs, m1 and so on; an empty URL is that of one
// that has not started.
func listing(urls ...string) string {
	var members []string
	for i, url := range urls {
		member := fmt.Sprintf(`{"id":"%d","name":"m%d","peerURLs":["http://p%d:1"],"clientURLs":[%q]}`, i+1, i+1, i+1, url)
		if url == "" {
			member = fmt.Sprintf(`{"id":"%d","name":"","peerURLs":["http://p%d:1"],"clientURLs":[]}`, i+1, i+1)
		}
		members = append(members, member)
	}
	return `{"members":[` + strings.Join(members, ",") + `]}`
}

func TestHealthOfAllMembers(t *testing.T) {
	for _, body := range []string{wellSince35, `{"health":"true"}`, `{"health": "true"}`, `{"health":true}`} {
		second := serve(t, text(200, body, "Content-Type", "text/plain; charset=utf-8"))
		first := serve(t, text(200, ""), text(200, wellSince35))
		first.replies[0] = text(200, listing(first.url, second.url))
		client := connectWith(t, Config{Endpoints: []string{first.url}, Username: "root", Password: "s3cret", VersionPrefix: "/gate"})
		all, err := client.Health(t.Context())
		check(t, "error", err, nil)
		check(t, "members", len(all), 2)
		check(t, "the second", []any{all[1].Member.Name, all[1].Endpoint, all[1].Err}, []any{"m2", second.url, nil})
		check(t, "requests", append(first.got(), second.got()...), []string{"GET /gate/members", "GET /health", "GET /health"})
		check(t, "credentials", second.headers[0].Get("Authorization"), "")
	}
}

// Only the word "true" says that a member is well, whatever the status of the reply.
func TestHealthOfAMemberThatSaysNo(t *testing.T) {
	for _, body := range []string{`{"health":"false"}`, `{"health":false}`, `{"health":1}`, `{"health":null}`, "{}"} {
		s := serve(t, text(200, ""), text(200, body))
		s.replies[0] = text(200, listing(s.url))
		_, err := connect(t, s.url).Health(t.Context())
		checkIs(t, err, ErrUnhealthy)
		check(t, "status", status(err), 200)
	}
}

func TestHealthNamesTheSick(t *testing.T) {
	second := serve(t, text(503, `{"health":"false","reason":"RAFT NO LEADER"}`+"\n"))
	liar := serve(t, text(200, "<html>"))
	first := serve(t, text(200, ""), text(200, wellSince35))
	first.replies[0] = text(200, listing(first.url, second.url, closedPort, "", liar.url))
	all, err := connect(t, first.url).Health(t.Context())
	checkIs(t, err, ErrUnhealthy, ErrNotStarted)
	var sick *HealthError
	if len(all) != 5 || all[0].Err != nil || !errors.As(err, &sick) || len(sick.Sick) != 4 {
		t.Fatalf("got %+v, %v", all, err)
	}
	for _, part := range []string{
		"etcd: health: 4 of 5 members not healthy: ", "m2 at " + second.url + ": ", "RAFT NO LEADER", "status 503, " + second.url,
		"m3 at " + closedPort + ": ", "connection refused", "member 4 at http://p4:1: not started", "m5 at " + liar.url,
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("there is no %q in %v", part, err)
		}
	}
}

// It stops with the first that answers.
func TestHealthTriesEachURLOfAMember(t *testing.T) {
	s := serve(t, text(200, ""), text(200, wellSince35))
	s.replies[0] = text(200, fmt.Sprintf(`{"members":[{"id":"1","name":"m1","peerURLs":[],"clientURLs":[%q,"nonsense",%q,%q]}]}`, closedPort, s.url, closedPort2))
	all, err := connect(t, s.url).Health(t.Context())
	check(t, "error", err, nil)
	check(t, "endpoint", all[0].Endpoint, s.url)
}

func TestHealthWithoutAList(t *testing.T) {
	down := text(503, "")
	s := serve(t, down, down, down, text(200, wellSince35)) // a read goes round the members three times
	all, err := connect(t, closedPort, s.url).Health(t.Context())
	var cluster *ClusterError
	if len(all) != 2 || all[0].Err == nil || all[1].Err != nil || !errors.As(err, &cluster) {
		t.Errorf("got %+v, %v", all, err)
	}
	checkIs(t, err, ErrUnhealthy)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	all, err = connect(t, s.url).Health(ctx)
	checkIs(t, err, context.Canceled)
	check(t, "members", len(all), 0)
}

func TestHealthOfOldServers(t *testing.T) {
	missing := text(404, pageMissing)
	s := serve(t, missing, text(200, "etcd 0.4.9"), text(200, ""), missing, text(200, "http://127.0.0.1:7001"))
	s.replies[2] = text(200, s.url)
	all, err := connect(t, s.url).Health(t.Context())
	check(t, "error", err, nil)
	check(t, "endpoint", all[0].Endpoint, s.url)
	check(t, "requests", s.got(), []string{"GET /v2/members", "GET /version", "GET /v2/machines", "GET /health", "GET /v2/leader"})

	_, err = connect(t, serve(t, missing).url).Health(t.Context())
	checkIs(t, err, ErrNotSupported)
	checkNot(t, err, ErrUnhealthy)
}

// A member that hangs costs no more than the time that there is, and the others are asked meanwhile.
func TestHealthOfAMemberThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &network{}
		hung := net.serve(t, "m2", hang)
		well := net.serve(t, "m1", text(200, listing("http://m1", "http://m2", "http://m2", "http://m2")), text(200, wellSince35))
		client := net.connect(t, Config{Endpoints: []string{well.url}, AttemptTimeout: 2 * time.Second})
		start := time.Now()
		_, err := client.Health(t.Context())
		var sick *HealthError
		if took := time.Since(start); !errors.As(err, &sick) || len(sick.Sick) != 3 || took > 2*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		check(t, "requests", len(hung.got()), 3)
	})
}

// The URLs of a member that are still to be asked share the time that is left; members do not share it, because
// they are asked at the same time.
func TestURLsOfAMemberShareTheCallersTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &network{}
		var members []string
		for i := range 3 {
			name := fmt.Sprintf("m%d", i)
			net.serve(t, name+"-hangs", hang)
			net.serve(t, name+"-well", text(200, wellSince35))
			members = append(members, fmt.Sprintf(`{"id":"%d","name":%q,"clientURLs":["http://%s-hangs","http://%s-hangs","http://%s-well"]}`,
				i+1, name, name, name, name))
		}
		list := net.serve(t, "a", text(200, `{"members":[`+strings.Join(members, ",")+`]}`))
		client := net.connect(t, Config{Endpoints: []string{list.url}})
		start := time.Now()
		err := within(t, 9*time.Second, func(ctx context.Context) error {
			_, err := client.Health(ctx)
			return err
		})
		check(t, "error", err, error(nil))
		check(t, "time", time.Since(start), 6*time.Second)
	})
}
