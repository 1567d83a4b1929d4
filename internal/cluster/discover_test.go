package cluster

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/fakenet"
)

// silentNameServer never answers.
func silentNameServer(ctx context.Context) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestDiscoveryEndsAfterTheTimeOfAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, Config{Discover: silentNameServer, AttemptTimeout: 10 * time.Second})
		start := time.Now()
		result := c.Do(t.Context(), newCall(t, "GET", "/v2/keys/k", ""))
		checkIs(t, result.Err, os.ErrDeadlineExceeded)
		check(t, "outcome", result.Outcome, NotSent)
		check(t, "took", time.Since(start), 10*time.Second)
	})
}

func TestDiscoveryEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, Config{Discover: silentNameServer})
		time.AfterFunc(time.Minute, c.Close)
		start := time.Now()
		result := c.Do(t.Context(), newCall(t, "GET", "/v2/keys/k", ""))
		checkIs(t, result.Err, errs.ErrClosed)
		check(t, "took", time.Since(start), time.Minute)
	})
}

func TestNoMembersFoundIsAnError(t *testing.T) {
	c := newCluster(t, Config{Discover: func(context.Context) ([]string, error) { return nil, nil }})
	result := c.Do(t.Context(), newCall(t, "GET", "/v2/keys/k", ""))
	checkIs(t, result.Err, errs.ErrInvalidArgument)
}

func TestAdvertisePassesOverWhatIsNotAnEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(text(200, 7, "")))
		net.Serve(t, "b", server(text(200, 7, "")))
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		err := c.Advertise(t.Context(), []string{"unix://localhost:123", "http://a", "http://b", "http://user:pw@c"})
		checkIs(t, err, errs.ErrInvalidArgument)
		check(t, "endpoints", c.Endpoints(), []string{"http://a", "http://b"})
	})
}

// Members that hang take their time once, not one after the other, and the client opens no more than some
// connections at once, however many members it is told of.
func TestAdvertisedMembersAreAskedSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(text(200, 7, "")))
		endpoints := []string{"http://a"}
		for i := range mostAsked - 1 {
			name := "hangs" + strconv.Itoa(i)
			net.Serve(t, name, server(hang))
			endpoints = append(endpoints, "http://"+name)
		}
		net.Serve(t, "b", server(text(200, 7, "")))
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		start := time.Now()
		if err := c.Advertise(t.Context(), append(endpoints, "http://b")); err != nil {
			t.Error(err)
		}
		check(t, "took", time.Since(start), dialTimeout)
		check(t, "b is a member", slices.Contains(c.Endpoints(), "http://b"), true)
		check(t, "members", len(c.Endpoints()), 2)
	})
}
