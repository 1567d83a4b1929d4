package etcd

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// mortal is a store with one key, /k, that has a TTL, as etcd keeps it. Its clock is not that of the client.
type mortal struct {
	ahead  time.Duration        // of its clock
	flight func() time.Duration // how long a request takes to it, and a reply from it
	commit func() time.Duration // how long it takes from the arrival of a request until it is agreed on
	date   func(w http.ResponseWriter, now time.Time)

	mu         sync.Mutex
	value      string
	index      int
	expiration time.Time
	writes     int
	then       func() // what follows the first write at once, by others
}

// serve starts the store with a key that was written now with that TTL, and returns when it expires.
func (m *mortal) serve(t *testing.T, net *network, ttl time.Duration) time.Time {
	net.Serve(t, "a", http.HandlerFunc(m.answer))
	m.value, m.index, m.expiration = "0", 1, m.now().Add(ttl)
	return m.expiration
}

func (m *mortal) now() time.Time { return time.Now().Add(m.ahead) }

func (m *mortal) answer(w http.ResponseWriter, r *http.Request) {
	<-time.After(m.flight())
	arrived := m.now()
	if m.commit != nil {
		<-time.After(m.commit())
	}
	reply := m.take(w, r, arrived)
	<-time.After(m.flight())
	reply(w, r)
}

// take does what is asked. A TTL counts from the arrival of the request.
func (m *mortal) take(w http.ResponseWriter, r *http.Request, arrived time.Time) http.HandlerFunc {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.date(w, now)
	if !now.Before(m.expiration) {
		return refusing(404, ErrKeyNotFound, "/k", m.index)
	}
	action, before := "get", ""
	if r.Method == http.MethodPut {
		ttl, err := strconv.Atoi(r.FormValue("ttl"))
		if r.FormValue("prevIndex") != strconv.Itoa(m.index) {
			return refusing(412, ErrCompareFailed, "", m.index)
		}
		if err != nil || ttl < 1 {
			return text(500, "a TTL that removes the key, or keeps it for ever")
		}
		before = fmt.Sprintf(`,"prevNode":{"key":"/k","value":%q}`, m.value)
		action, m.value = "compareAndSwap", r.FormValue("value")
		m.expiration = arrived.Add(time.Duration(ttl) * time.Second)
		m.index++
		m.writes++
	}
	reply := m.reply(action, before, now)
	if m.writes == 1 && m.then != nil {
		m.then()
		m.then = nil
	}
	return reply
}

func (m *mortal) reply(action, before string, now time.Time) http.HandlerFunc {
	left := (m.expiration.Sub(now) + time.Second - 1) / time.Second
	return keys(200, m.index, fmt.Sprintf(
		`{"action":%q,"node":{"key":"/k","value":%q,"expiration":%q,"ttl":%d,"modifiedIndex":%d,"createdIndex":1}%s}`,
		action, m.value, m.expiration.UTC().Format(time.RFC3339Nano), left, m.index, before))
}

// What a reply says of the server's clock.
func trueDate(w http.ResponseWriter, now time.Time) {
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
}
func noDate(w http.ResponseWriter, _ time.Time) { w.Header()["Date"] = nil }
func gatewaysDate(w http.ResponseWriter, now time.Time) {
	trueDate(w, now.Add(700*time.Millisecond))
}
func wrongDate(w http.ResponseWriter, now time.Time) { trueDate(w, now.Add(-time.Hour)) }
