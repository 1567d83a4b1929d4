package etcd

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func change(string) (string, error) { return "1", nil }

// Keys are changed until they expire, by one client or by many, in step with the server's clock or not. That
// they expire within a second of when they would have is to hold however often they are changed.
func TestChangedKeyExpiresWhenItWouldHave(t *testing.T) {
	t.Parallel() // it computes for long
	tests := uint64(25)
	if testing.Short() {
		tests = 10
	}
	for seed := range tests {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				pick := func(times ...time.Duration) time.Duration { return times[random.IntN(len(times))] }
				flight := pick(time.Millisecond, 20*time.Millisecond, 100*time.Millisecond)
				every := pick(10*time.Millisecond, 100*time.Millisecond, 333*time.Millisecond, time.Second, time.Second+flight)
				clients := []int{1, 1, 2, 5}[random.IntN(4)]
				m := &mortal{
					ahead:  time.Duration(random.Int64N(int64(4 * time.Second))),
					flight: func() time.Duration { return flight },
					date:   []func(http.ResponseWriter, time.Time){trueDate, trueDate, noDate, gatewaysDate, wrongDate}[random.IntN(5)],
				}
				var net network
				ttl := time.Duration(1+random.IntN(20)) * time.Second
				expires := m.serve(t, &net, ttl)
				ctx, cancel := context.WithTimeout(t.Context(), ttl+10*time.Second)
				defer cancel()
				<-time.After(time.Duration(random.Int64N(int64(ttl))))

				var changing sync.WaitGroup
				for range clients {
					client := net.connect(t, Config{Endpoints: []string{"http://a"}})
					changing.Go(func() {
						for {
							resp, err := client.Modify(ctx, "/k", change)
							if err != nil {
								checkIs(t, err, ErrKeyNotFound)
								return
							}
							check(t, "value that was written", resp.Node.Value, "1")
							<-time.After(every)
						}
					})
				}
				changing.Wait()
				if off := m.expiration.Sub(expires); off <= -time.Second || off >= time.Second+flight {
					t.Errorf("expired %v late, after %d writes", off, m.writes)
				}
			})
		})
	}
}

// The same, where requests take a while or not, and many change the key at once unless requests are very
// slow: writes that miss the second at the same time can hide each other.
func TestKeyThatManyChangeExpiresWhenItWouldHave(t *testing.T) {
	t.Parallel() // it computes for long
	const slow = 20 * time.Millisecond
	seeds := uint64(5)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				random := rand.New(rand.NewPCG(seed, 1))
				slowest, clients := time.Millisecond+time.Duration(random.Int64N(int64(slow))), 1+random.IntN(6)
				if clients == 1 {
					slowest *= 15
				}
				some := func() time.Duration {
					mu.Lock()
					defer mu.Unlock()
					return time.Duration(random.Int64N(int64(slowest)))
				}
				m := &mortal{date: trueDate, flight: some, commit: some}
				var net network
				expires := m.serve(t, &net, 8*time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				var changing sync.WaitGroup
				for range clients {
					client := net.connect(t, Config{Endpoints: []string{"http://a"}})
					changing.Go(func() {
						for {
							if _, err := client.Modify(ctx, "/k", change); err != nil {
								checkIs(t, err, ErrKeyNotFound)
								return
							}
						}
					})
				}
				changing.Wait()
				if off := m.expiration.Sub(expires); off <= -time.Second || off >= time.Second+3*slowest {
					t.Errorf("expired %v late, after %d writes, with flights of up to %v", off, m.writes, slowest)
				}
			})
		})
	}
}

// One write is enough as long as the second does not end while it is in flight. If it does, or the date is
// not the server's, another follows.
func TestWritesThatKeepATTL(t *testing.T) {
	const flight = 10 * time.Millisecond
	for _, test := range []struct {
		name    string
		expires time.Duration // the fraction of a second at which the key expires
		changed time.Duration // and at which it is changed
		date    func(http.ResponseWriter, time.Time)
		writes  int
	}{
		{"early, late in the second", 100 * time.Millisecond, 900 * time.Millisecond, trueDate, 1},
		{"late, early in the second", 900 * time.Millisecond, 100 * time.Millisecond, trueDate, 1},
		{"late, late in the second", 900 * time.Millisecond, 950 * time.Millisecond, trueDate, 1},
		{"early, early in the second", 100 * time.Millisecond, 50 * time.Millisecond, trueDate, 1},
		{"at the end of the second", 500 * time.Millisecond, time.Second - 2*flight, trueDate, 2},
		{"without a date, right", 600 * time.Millisecond, 300 * time.Millisecond, noDate, 1},
		{"without a date, wrong", 600 * time.Millisecond, 800 * time.Millisecond, noDate, 2},
		{"by another date", 600 * time.Millisecond, 300 * time.Millisecond, wrongDate, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &mortal{date: test.date, flight: func() time.Duration { return flight }}
				var net network
				<-time.After(test.expires)
				expires := m.serve(t, &net, 10*time.Second)
				<-time.After(time.Until(time.Now().Truncate(time.Second).Add(2*time.Second + test.changed - flight)))
				resp, err := net.connect(t, Config{Endpoints: []string{"http://a"}}).Modify(t.Context(), "/k", change)
				if err != nil {
					t.Fatal(err)
				}
				check(t, "writes", m.writes, test.writes)
				check(t, "index", resp.Index, uint64(m.index))
				check(t, "value before", resp.PrevNode.Value, "0")
				check(t, "second of expiration", resp.Node.Expiration.Unix(), expires.Unix())
			})
		})
	}
}

// Others may change the key before a second that it missed is mended. If they keep it, it is mended for them;
// if they give the key another TTL, it is theirs.
func TestSecondOfAnotherWriteIsMendedIfItIsOurs(t *testing.T) {
	for name, test := range map[string]struct {
		then   func(m *mortal)
		mended time.Duration
		writes int
	}{
		"kept":    {func(m *mortal) { m.expiration = m.expiration.Add(time.Millisecond) }, 0, 2},
		"renewed": {func(m *mortal) { m.expiration = m.expiration.Add(time.Minute) }, time.Minute + time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const flight = 10 * time.Millisecond
				m := &mortal{date: trueDate, flight: func() time.Duration { return flight }}
				m.then = func() { m.value, m.index = "theirs", m.index+1; test.then(m) }
				var net network
				<-time.After(500 * time.Millisecond)
				expires := m.serve(t, &net, 10*time.Second)
				<-time.After(time.Until(time.Now().Truncate(time.Second).Add(2*time.Second - 3*flight)))
				resp, err := net.connect(t, Config{Endpoints: []string{"http://a"}}).Modify(t.Context(), "/k", change)
				if err != nil {
					t.Fatal(err)
				}
				check(t, "index of our write", resp.Index, uint64(2))
				check(t, "writes", m.writes, test.writes)
				check(t, "value", m.value, "theirs")
				check(t, "second of expiration", m.expiration.Unix(), expires.Add(test.mended).Unix())
			})
		})
	}
}

// In the last second nothing can be written, and the key is seen to its end.
func TestModifyInTheLastSecondWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mortal{date: trueDate, flight: func() time.Duration { return time.Millisecond }}
		var net network
		expires := m.serve(t, &net, 3*time.Second)
		<-time.After(2100 * time.Millisecond)
		_, err := net.connect(t, Config{Endpoints: []string{"http://a"}}).Modify(t.Context(), "/k", func(string) (string, error) {
			t.Error("asked for a change")
			return "", nil
		})
		checkIs(t, err, ErrKeyNotFound)
		check(t, "writes", m.writes, 0)
		check(t, "it is expired", !time.Now().Before(expires), true)
	})
}
