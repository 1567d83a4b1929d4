package etcd

import (
	"net/http"
	"testing"
	"time"
)

// Requests of a Refresh: of the version, the two of a Modify, and of a refresh.
const (
	askVersion = "GET /version"
	modifyRead = "GET /v2/keys/k?quorum=true"
	modifySwap = "PUT /v2/keys/k?prevIndex=3 ttl=60&value=v"
	refreshPut = "PUT /v2/keys/k?prevExist=true refresh=true&ttl=60"
)

func TestRefreshGoesTheWayThatTheServerKnows(t *testing.T) {
	byModify, byRefresh := []string{askVersion, modifyRead, modifySwap}, []string{askVersion, refreshPut}
	tests := []struct {
		version string
		want    []string
	}{
		{"etcd 2.0.13", byModify},
		{`{"etcdserver":"2.2.5","etcdcluster":"2.2.0"}`, byModify},
		{`{"etcdserver":"2.3.6","etcdcluster":"2.3.0"}`, byModify},
		{`{"etcdserver":"2.3.7","etcdcluster":"2.3.0"}`, byRefresh},
		{`{"etcdserver":"2.3.8","etcdcluster":"2.3.0"}`, byRefresh},
		// One member is newer, but another may get the request after it.
		{`{"etcdserver":"2.3.8","etcdcluster":"2.2.0"}`, byModify},
		{`{"etcdserver":"2.3.8","etcdcluster":"not_decided"}`, byModify},
		{`{"etcdserver":"2.3.8"}`, byModify},
		{`{"etcdserver":"3.5.35","etcdcluster":"3.5.0"}`, byRefresh},
		{`{"etcdserver":"3.6.0-rc.1","etcdcluster":"3.5.0","storage":"3.5.0"}`, byRefresh},
		{`{"etcdserver":"10.0.0","etcdcluster":"10.0.0"}`, byRefresh},
		{`{"etcdserver":"new","etcdcluster":"new"}`, byModify},
	}
	for _, test := range tests {
		t.Run(test.version, func(t *testing.T) {
			s := serve(t, text(200, test.version), granting(3))
			if _, err := connect(t, s.url).Refresh(t.Context(), "/k", time.Minute-1); err != nil {
				t.Error(err)
			}
			check(t, "requests", s.got(), test.want)
		})
	}
}

func TestRefreshRemembersAYes(t *testing.T) {
	s := serve(t, text(200, `{"etcdserver":"2.3.8","etcdcluster":"2.3.0"}`), file("update", "/k", "v", 3))
	client := connect(t, s.url)
	for range 3 {
		if _, err := client.Refresh(t.Context(), "/k", time.Minute); err != nil {
			t.Error(err)
		}
	}
	check(t, "requests", s.got(), []string{askVersion, refreshPut, refreshPut, refreshPut})
}

// A cluster under upgrade says yes when its last member has been upgraded.
func TestRefreshAsksAgainAfterANo(t *testing.T) {
	s := serve(t, text(200, `{"etcdserver":"2.3.8","etcdcluster":"not_decided"}`), file("get", "/k", "v", 3), file("compareAndSwap", "/k", "v", 4),
		text(200, `{"etcdserver":"2.3.8","etcdcluster":"2.3.0"}`), file("update", "/k", "v", 5))
	client := connect(t, s.url)
	for range 2 {
		if _, err := client.Refresh(t.Context(), "/k", time.Minute); err != nil {
			t.Error(err)
		}
	}
	check(t, "requests", s.got(), []string{askVersion, modifyRead, modifySwap, askVersion, refreshPut})
}

func TestRefreshWithoutAVersionWritesNothing(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"garbage": text(200, "<html>"), "missing": text(404, "404 page not found\n"), "broken": text(500, ""),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, reply)
			_, err := connect(t, s.url).Refresh(t.Context(), "/k", time.Minute)
			checkNot(t, err, ErrOutcomeUnknown, ErrKeyNotFound)
			check(t, "requests", s.got(), []string{askVersion})
		})
	}
}

// A refresh must not bring back what has expired in the meantime.
func TestRefreshOfAMissingKeyFails(t *testing.T) {
	s := serve(t, text(200, `{"etcdserver":"2.3.8","etcdcluster":"2.3.0"}`), refusing(404, ErrKeyNotFound, "/k", 9))
	_, err := connect(t, s.url).Refresh(t.Context(), "/k", time.Minute)
	checkIs(t, err, ErrKeyNotFound)
}
