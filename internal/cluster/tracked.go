package cluster

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"
)

// tracked is a connection of the cluster's own pools. It knows whether anything was sent on it since an attempt got it,
// and until when something may be.
type tracked struct {
	net.Conn
	writes   atomic.Int64 // how many have begun; sealed if none can begin any more
	mostIdle atomic.Int64 // nanoseconds after which the server may close it; 0 if it has not said so
}

// sealed stands for the number of writes on a connection on which nothing can be sent any more.
const sealed = -1

// Write counts itself before it sends anything.
func (t *tracked) Write(p []byte) (int, error) {
	for {
		switch n := t.writes.Load(); {
		case n == sealed:
			return 0, net.ErrClosed
		case t.writes.CompareAndSwap(n, n+1):
			return t.Conn.Write(p)
		}
	}
}

// seal reports whether no write has begun since there were so many. If so, none can begin from now on.
func (t *tracked) seal(writes int64) bool { return t.writes.CompareAndSwap(writes, sealed) }

// stale reports whether nothing should be sent on the connection, which has been idle for so long.
func (t *tracked) stale(idle time.Duration) bool {
	most := time.Duration(t.mostIdle.Load())
	return t.writes.Load() == sealed || most > 0 && idle >= most
}

// CloseWrite closes the connection for writing, if it can be.
func (t *tracked) CloseWrite() error {
	if conn, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return conn.CloseWrite()
	}
	return net.ErrClosed
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// tracking returns dial with connections that are tracked.
func tracking(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &tracked{Conn: conn}, nil
	}
}

// trackedOf returns the tracked connection below conn, or nil.
func trackedOf(conn net.Conn) *tracked {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	t, _ := conn.(*tracked)
	return t
}
