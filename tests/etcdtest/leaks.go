package etcdtest

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// leakPatience is how long goroutines may take to end after the tests.
const leakPatience = 5 * time.Second

// VerifyNoLeaks runs the tests and then exits, with a failure if a goroutine is left. Call it in place of m.Run:
//
//	func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }
//
// It never returns, so calls that TestMain has deferred are not made. A TestMain that starts a cluster of its own
// closes it in a Run that wraps that of m:
//
//	type tests struct {
//		*testing.M
//		cluster *etcdtest.Cluster
//	}
//
//	func (t tests) Run() int {
//		defer t.cluster.Close()
//		return t.M.Run()
//	}
//
//	func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(tests{m, start()}) }
func VerifyNoLeaks(m interface{ Run() int }) {
	code := m.Run()
	if code == 0 {
		if left := leaked(leakPatience); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "etcdtest: %d goroutines are left after the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// The runtime's own goroutines, which never end.
var permanent = regexp.MustCompile(`(?m)^(os/signal\.(signal_recv|loop)|runtime\.(ensureSigM|ReadTrace))\(`)

// leaked returns the stacks of the goroutines beside the caller's that have not ended within limit.
func leaked(limit time.Duration) []string {
	tick, over := time.NewTicker(10*time.Millisecond), time.After(limit)
	defer tick.Stop()
	for {
		var left []string
		for _, stack := range stacks()[1:] { // the first is the caller's
			if !permanent.MatchString(stack) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-over:
			return left
		}
	}
}

// stacks returns the stack of every goroutine.
func stacks() []string {
	for size := 1 << 20; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return strings.Split(string(buf[:n]), "\n\n")
		}
	}
}
