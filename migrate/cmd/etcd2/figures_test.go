package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/migrate/internal/seed"
	"github.com/etcdv2/client/tests/etcdtest"
)

// measured runs the command as a process, and logs how long it took and how much memory it had at most.
func measured(t *testing.T, binary string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	var out buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	peak, err := watchPeak(cmd.Process.Pid, ended)
	if err != nil {
		t.Fatalf("etcd2 %q: %v\n%s", args, err, out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	t.Logf("%-7s %5.1f s, CPU %5.1f s, %4d MiB at most: %.200s", args[0], time.Since(begin).Seconds(),
		(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), peak, lines[len(lines)-1])
}

// watchPeak returns the most memory in MiB that a process has had when it ends. The figure that the kernel gives afterwards
// begins with that of the process which started it.
func watchPeak(pid int, ended <-chan error) (mib int, err error) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return mib, err
		case <-look.C:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // on Linux only
			if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
				kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
				if n, err := strconv.Atoi(kib); err == nil {
					mib = max(mib, n>>10)
				}
			}
		}
	}
}

// MIGRATE_NODES=100000 measures the way of a tree of so many nodes from etcd 2.3 into a file, from there into etcd 3.5 over
// the v2 API and into etcd 3.6, and verifies each.
func TestFigures(t *testing.T) {
	n := number(t, "MIGRATE_NODES", 0)
	if n == 0 {
		t.Skip("MIGRATE_NODES is not set")
	}
	binary := build(t)
	_, source := cluster(t, etcdtest.Etcd23)
	plant(t, source, seed.Nodes(n))
	out := file(t)
	measured(t, binary, hidden("export", "--from="+source, "--out", out)...)
	logSize(t, out)
	measured(t, binary, "verify", out, source)
	_, v2 := cluster(t, etcdtest.Etcd35)
	measured(t, binary, "import", "--to="+v2, out)
	measured(t, binary, "verify", out, v2)
	measured(t, binary, "import", "--policy=compare", "--to", v2, out)
	measured(t, binary, hidden("verify", source, v2)...)
	_, v3 := cluster(t, etcdtest.Etcd36)
	measured(t, binary, "import", "--to-v3="+v3, "--markers", out)
	measured(t, binary, "verify", "--markers", out, "v3:"+v3)
	measured(t, binary, hidden("verify", "--markers", source, "v3:"+v3)...)
}

// MIGRATE_MILLION=1000000 measures what an export of so many nodes needs, by directory and at one index.
func TestMillion(t *testing.T) {
	n := number(t, "MIGRATE_MILLION", 0)
	if n == 0 {
		t.Skip("MIGRATE_MILLION is not set")
	}
	binary := build(t)
	_, source := cluster(t, etcdtest.Etcd35)
	begin := time.Now()
	plant(t, source, seed.Nodes(n))
	t.Logf("planted in %v", time.Since(begin).Round(time.Second))
	out := file(t)
	measured(t, binary, hidden("export", "--from="+source, "--out", out)...)
	logSize(t, out)
	measured(t, binary, "verify", out, source)
	measured(t, binary, hidden("export", "--one-index", "--attempt-timeout=5m", "--force", "--from="+source, "--out", out)...)
	measured(t, binary, "verify", out, source)
}

func logSize(t *testing.T, file string) {
	t.Helper()
	stat, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the file has %d MB", stat.Size()/1e6)
}
