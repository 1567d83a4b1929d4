package cluster

import (
	"context"
	stdnet "net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// A proxy that says when it closes an idle connection would otherwise close it while a write is on its way.
func TestIdleConnectionIsGivenUpBeforeTheServerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		url := net.Serve(t, "a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Keep-Alive", "max=100, timeout=5")
			text(200, 7, "")(w, r)
		}))
		var dials atomic.Int64
		dial := func(ctx context.Context, network, address string) (conn stdnet.Conn, err error) {
			dials.Add(1)
			return net.Dial(ctx, network, address)
		}
		c := newCluster(t, Config{Endpoints: []string{url}, Dial: dial, PulseInterval: time.Hour})
		for _, step := range []struct {
			pause time.Duration
			dials int64
		}{{0, 1}, {3900 * time.Millisecond, 1}, {4100 * time.Millisecond, 2}, {3 * time.Second, 2}} {
			time.Sleep(step.pause)
			if result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=x")); result.Outcome != Done {
				t.Fatalf("outcome %v, %v", result.Outcome, result.Err)
			}
			if dials := dials.Load(); dials != step.dials {
				t.Errorf("%d connections were made %v after the last write, want %d", dials, step.pause, step.dials)
			}
		}
	})
}

func TestIdleLimit(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                     0,
		"timeout=60":           59 * time.Second,
		"max=5, Timeout = 20":  19 * time.Second,
		"timeout=1":            500 * time.Millisecond,
		"timeout=0":            1,
		"timeout=-1":           0,
		"timeout=":             0,
		"timeout=99999999999":  0,
		`timeout="15", max=10`: 14 * time.Second,
	} {
		resp := &http.Response{ProtoMajor: 1, Header: http.Header{"Keep-Alive": {header}}}
		if got := idleLimit(resp); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
