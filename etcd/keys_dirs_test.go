package etcd

import (
	"context"
	"testing"
	"time"
)

func TestCreateDirOnTheWire(t *testing.T) {
	checkWire(t, granting(3), []call{
		{
			"without TTL", func(ctx context.Context, c *Client) (*Response, error) { return c.CreateDir(ctx, "/d/") },
			"PUT /v2/keys/d/?prevExist=false dir=true",
		},
		{
			"with TTL", func(ctx context.Context, c *Client) (*Response, error) {
				return c.CreateDir(ctx, "/d", WithTTL(time.Minute))
			}, "PUT /v2/keys/d?prevExist=false dir=true&ttl=60",
		},
	})
}

func TestUpdateDirLooksFirst(t *testing.T) {
	s := serve(t, directory("/d", 3), granting(4), directory("/d", 4), granting(5))
	client := connect(t, s.url)
	for _, opts := range [][]SetOption{{WithTTL(time.Minute)}, nil} {
		if _, err := client.UpdateDir(t.Context(), "/d", opts...); err != nil {
			t.Error(err)
		}
	}
	check(t, "requests", s.got(), []string{
		"GET /v2/keys/d?quorum=true", "PUT /v2/keys/d?prevExist=true dir=true&ttl=60",
		"GET /v2/keys/d?quorum=true", "PUT /v2/keys/d?prevExist=true dir=true",
	})
}

// Etcd would erase the file's value and call that an update.
func TestUpdateDirLeavesAFileAlone(t *testing.T) {
	s := serve(t, file("get", "/d", "v", 3))
	_, err := connect(t, s.url).UpdateDir(t.Context(), "/d", WithTTL(time.Minute))
	checkIs(t, err, ErrNotDir)
	check(t, "requests", s.got(), []string{"GET /v2/keys/d?quorum=true"})
}

func TestUpdateDirOfNothingWritesNothing(t *testing.T) {
	s := serve(t, refusing(404, ErrKeyNotFound, "/d", 8))
	_, err := connect(t, s.url).UpdateDir(t.Context(), "/d")
	checkIs(t, err, ErrKeyNotFound)
	check(t, "requests", s.got(), []string{"GET /v2/keys/d?quorum=true"})
}

// Etcd 3.5 fails when it applies the update: a refusal, although in a 500.
func TestUpdateDirOnEtcd35IsNotInDoubt(t *testing.T) {
	s := serve(t, directory("/d", 3), refusing(500, ErrRaftInternal, "nodePath /1/d: unexpected directory", 0))
	_, err := connect(t, s.url).UpdateDir(t.Context(), "/d", WithTTL(time.Minute))
	checkIs(t, err, ErrRaftInternal)
	checkNot(t, err, ErrOutcomeUnknown)
}
