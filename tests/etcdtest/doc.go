// Package etcdtest starts real etcd clusters with the v2 API inside your tests, so that
// code which uses etcd is tested against etcd and not against a mock of it:
//
//	func TestMyCode(t *testing.T) {
//		cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
//		client, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints()})
//		…
//		leader, err := cluster.Leader(t.Context())
//		err = leader.Stop() // and see what your code makes of it
//		err = leader.Restart(t.Context())
//	}
//
// Nothing has to be installed: a member is a process of an etcd binary, which [Build] makes
// from etcd's Go module, or which you name in [WithBinary]. The package needs the standard
// library only, so that your tests may use any version of etcd's own modules beside it. The
// module etcdtest/embedded has members that run inside the test process; they start sooner.
//
// # What it guarantees
//
//   - Start returns when every member serves, by condition and not by waiting a while:
//     each has answered a read that went through the cluster's log, with an ID that only
//     this cluster has.
//   - Members listen on 127.0.0.1 only, on ports that were free; they keep them, and their
//     data, over Stop and Restart. Ports are reserved across processes, so that many
//     clusters and test processes can run at the same time.
//   - A start that fails returns an error with the end of the member's log. A wait whose
//     context has no deadline ends after a minute.
//   - When the test ends, whether it passed, failed or panicked, its members are gone, with
//     their data, ports and goroutines; [VerifyNoLeaks] checks the goroutines, yours
//     included. If the test process is killed, times out or exits, the next one removes
//     the files, except on Windows. Members that are processes then end as well on Linux;
//     elsewhere they stay.
//   - When a test fails, it shows the end of each member's log.
//
// # What it does not
//
//   - It is for tests: members do not flush writes to the disk if their version lets them
//     not to, so the data outlives a kill but not a crash of the machine.
//   - Elections are quicker than by etcd's defaults: half a second without a heartbeat. On a
//     machine that stalls for as long, the leader changes where it otherwise would not.
//   - An embedded member cannot be killed or frozen as a process can, see [Member.Kill] and
//     [Member.Freeze].
//
// A [Recorder] stands between a client and a member and tells what the client sent. A [CA]
// makes the certificates for clusters that speak TLS.
package etcdtest
