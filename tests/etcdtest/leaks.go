package etcdtest

import "go.uber.org/goleak"

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
	goleak.VerifyTestMain(m)
}
