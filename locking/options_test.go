package locking

import (
	"testing"
	"time"
)

func TestTTLsAreRoundedUp(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		time.Second: time.Second, time.Second + 1: 2 * time.Second, 2500 * time.Millisecond: 3 * time.Second,
	} {
		if c := newConfig([]Option{WithTTL(ttl)}); c.err != nil || c.ttl != want {
			t.Errorf("%v is %v, %v", ttl, c.ttl, c.err)
		}
	}
	if c := newConfig([]Option{WithTTL(time.Second - 1)}); c.err == nil {
		t.Error("less than a second is not refused")
	}
}
