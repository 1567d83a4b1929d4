package locking

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakestore"
)

// pages makes a gateway answer every request by itself for a time, as a server without the v2 API does.
func (b *bubble) pages(d time.Duration) {
	b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Page: true} })
	b.Cut()
	time.Sleep(d)
	b.Obey(nil)
	synctest.Wait()
}

// What a member has answered before outlives the pages of a gateway: the server has the v2 API.
func TestPagesOfAGatewayEndNothing(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Put(dir+"/other", "x", 0)
		o := b.observe(b.Context(), b.mutex())
		b.saw(o, "x")
		a := b.locking(b.mutex(WithValue("waiter")))
		b.pages(ttl / 2)
		b.Remove(dir + "/other")
		lock := b.within(time.Minute, a)
		b.saw(o, "waiter")
		go b.pages(ttl / 4)
		b.settle()
		b.unlock(lock)
		b.saw(o, "")
	})
}

// A waiter whose key has expired joins again, however a gateway answers.
func TestPagesOfAGatewayDoNotKeepAWaiterOut(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Put(dir+"/other", "x", 0)
		a := b.locking(b.mutex())
		b.pages(3 * ttl)
		b.Remove(dir + "/other")
		b.unlock(b.within(time.Minute, a))
	})
}
