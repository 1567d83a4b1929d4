package etcd

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/etcdv2/client/gen"
)

// Etcd takes a TTL in whole seconds, so a write that keeps what is left of one moves the moment at which the
// key expires. If each write rounded up, a key that is changed often would never expire.
//
// So each write keeps the expiration within the same whole second of the server's clock. For each moment of
// writing exactly one TTL does so: the difference of the two in whole seconds. Errors do not add up, because
// the expiration itself tells every later writer which second it is.
//
// The writer must know in which second the server takes the write. It estimates that from the read, and
// corrects a TTL that turns out to be wrong, because the reply tells the expiration. Near the end, where a
// late write could not be corrected, it writes nothing.
//
// What is left is the time by which the very last write is late, and writes that miss the second at the same
// moment: one may take the other's second for the right one. They are rare where requests take much less than
// a second, because only writes in flight at the end of a second can miss it, and one of them wins.

// serverClock is an estimate of a server's clock: a request sent at the time here arrives at the time there.
type serverClock struct {
	here, there time.Time
	took        time.Duration // how long the request took that the estimate comes from
}

// clockAtRead returns the clock of the server that has just answered a read of node, sent at sent, with that
// date.
func clockAtRead(node *Node, date, sent time.Time) serverClock {
	earliest := node.Expiration.Add(-node.TTL) // the TTL is rounded up
	latest := earliest.Add(time.Second)
	// The date is rounded down. If it contradicts the TTL, a gateway has set it by its own clock.
	if from, to := date, date.Add(time.Second); from.Before(latest) && to.After(earliest) {
		if from.After(earliest) {
			earliest = from
		}
		if to.Before(latest) {
			latest = to
		}
	}
	// The server has looked at its clock in between, and the next request takes as long to it as this one.
	took := time.Since(sent)
	return serverClock{sent.Add(took / 2), earliest.Add(latest.Sub(earliest) / 2), took}
}

// clockAtWrite returns the clock of the server that took a write of node with that TTL.
func clockAtWrite(node *Node, ttl time.Duration, sent time.Time) serverClock {
	return serverClock{sent, node.Expiration.Add(-ttl), time.Since(sent)}
}

// ttlTo returns the TTL with which a key that is written now expires in the same second as expiration. Below
// one second there is none.
func (s serverClock) ttlTo(expiration time.Time) time.Duration {
	arrival := s.there.Add(time.Since(s.here))
	return time.Duration(expiration.Unix()-arrival.Unix()) * time.Second
}

// tooLate reports whether a node with that TTL is too near to its end to be written: a write that misses the
// second could not be corrected any more. Only corrections are written then, so that they meet no others.
func (s serverClock) tooLate(ttl time.Duration) bool { return ttl <= time.Second+4*s.took }

func inSameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// getClocked reads key with quorum. The clock is that of the server, if the key has a TTL.
func (c *Client) getClocked(ctx context.Context, key string) (*Response, serverClock, error) {
	wire, err := wireKey(key)
	if err != nil {
		return nil, serverClock{}, err
	}
	query := getQuery{quorum: true}
	call := newHeaderCall(gen.NewGetKeyRequest(wire, query.params()), toRead, asked{key: wire, action: ActionGet, query: query})
	sent := time.Now()
	if err := c.do(ctx, &call.Call); err != nil {
		return nil, serverClock{}, err
	}
	date, err := http.ParseTime(call.reply.Header.Get("Date"))
	if err != nil {
		date = time.Time{} // which contradicts every TTL
	}
	return call.event, clockAtRead(call.event.Node, date, sent), nil
}

// correct writes the key again until it expires in the same second as expiration, and returns the response to
// the last write of the new value. Others that change the key in between keep the second that it has by then,
// so theirs is corrected, too; or they miss that and correct it themselves, which correct waits for. If they
// have given the key another TTL, correct leaves it alone. Its failures are none of the caller's, whose value
// is written.
func (m *modify) correct(ctx context.Context, c *Client, resp *Response, expiration time.Time, clock serverClock) *Response {
	node, missed := resp.Node, resp.Node.Expiration
	pause := modifyPause
	for waits := 0; mayBeMissed(node, expiration) && waits < mostOthers; {
		if !inSameSecond(node.Expiration, missed) {
			waits++
		} else {
			ttl, sent := clock.ttlTo(expiration), time.Now()
			if ttl < time.Second {
				return resp
			}
			again, err := c.put(ctx, m.key, &write{value: &node.Value, ttl: &ttl, prev: &Prev{Index: node.ModifiedIndex}})
			if err == nil {
				if node == resp.Node {
					again.PrevNode, resp = resp.PrevNode, again
				}
				node, missed, clock = again.Node, again.Node.Expiration, clockAtWrite(again.Node, ttl, sent)
				continue
			}
			if !errors.Is(err, ErrCompareFailed) {
				return resp
			}
		}
		if pause.Wait(ctx, c.cluster.Life()) != nil {
			return resp
		}
		read, now, err := c.getClocked(ctx, m.key)
		if err != nil {
			return resp
		}
		node, clock = read.Node, now
	}
	return resp
}

// mayBeMissed reports whether node expires in another second than expiration, and so near that writes which
// missed the second can be the reason.
func mayBeMissed(node *Node, expiration time.Time) bool {
	return !inSameSecond(node.Expiration, expiration) && node.Expiration.Sub(expiration).Abs() < mostMissed
}
