package etcd

import (
	"math"
	"testing"
	"time"
)

func TestWireTTLRoundsUp(t *testing.T) {
	tests := []struct {
		ttl  time.Duration
		want int64
	}{
		{time.Second, 1},
		{time.Second + 1, 2},
		{1500 * time.Millisecond, 2},
		{2 * time.Second, 2},
		{time.Minute - 1, 60},
		{time.Hour, 3600},
		{time.Until(lastExpiration).Truncate(time.Second) - time.Hour, int64(time.Until(lastExpiration)/time.Second) - 3600},
	}
	for _, test := range tests {
		got, err := wireTTL("/k", test.ttl)
		// A second may pass between the two looks at the clock.
		if err != nil || got != test.want && got != test.want+1 || test.ttl <= time.Hour && got != test.want {
			t.Errorf("wireTTL(%v) = %d, %v; want %d", test.ttl, got, err, test.want)
		}
	}
}

func TestWireTTLRefusesWhatEtcdCannotHold(t *testing.T) {
	for _, ttl := range []time.Duration{
		0, 1, -1, time.Second - 1, -time.Second, math.MinInt64, math.MaxInt64, time.Until(lastExpiration) + time.Hour,
	} {
		got, err := wireTTL("/k", ttl)
		if err == nil {
			t.Errorf("wireTTL(%v) = %d", ttl, got)
			continue
		}
		checkIs(t, err, ErrInvalidArgument)
	}
}

// The server adds the seconds to its clock in nanoseconds; the largest TTL must not overflow there.
func TestLargestTTLFitsTheServersClock(t *testing.T) {
	seconds, err := wireTTL("/k", time.Until(lastExpiration)-time.Second)
	if err != nil {
		t.Fatal(err)
	}
	// A clock a whole day ahead of ours still holds it.
	end := time.Now().Add(23*time.Hour).UnixNano()/int64(time.Second) + seconds
	if end > math.MaxInt64/int64(time.Second) {
		t.Errorf("%d s end in second %d, beyond int64 nanoseconds", seconds, end)
	}
}

func TestCheckTTLTakesNone(t *testing.T) {
	tooShort := time.Millisecond
	if err := checkTTL("/k", nil); err != nil {
		t.Error(err)
	}
	checkIs(t, checkTTL("/k", &tooShort), ErrInvalidArgument)
}
