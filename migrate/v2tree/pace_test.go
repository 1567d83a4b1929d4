package v2tree

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, begin := pace{rate: 10}, time.Now()
		for range 21 { // the first one at once
			p.wait(t.Context())
		}
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("20 waits at 10 a second took %v", took)
		}
		time.Sleep(time.Hour) // an idle time earns nothing
		begin = time.Now()
		for range 11 {
			p.wait(t.Context())
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("after an idle time, 10 waits took %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p.wait(ctx)
		(&pace{}).wait(t.Context())
	})
}
