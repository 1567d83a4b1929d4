package leaving_test

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

// A command is a binary of etcd2.
type command string

// run runs the command and returns what it prints. It fails the test if the exit code is another one.
func (c command) run(t *testing.T, code int, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), string(c), args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("etcd2 %q: %v, want exit code %d:\n%s", args, err, code, out)
	}
	return string(out)
}

// buildCommand builds etcd2.
func buildCommand(t *testing.T) command {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "etcd2")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../cmd/etcd2").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return command(binary)
}

// All steps with the command, as the document has them.
func TestLeavingWithEtcd2(t *testing.T) {
	if testing.Short() {
		t.Skip("the command is built first")
	}
	t.Parallel()
	etcd2, j := buildCommand(t), begin(t, 3)
	all, file := strings.Join(j.cluster.Endpoints(), ","), filepath.Join(t.TempDir(), "v2.dump")
	first := j.cluster.Endpoints()[0]

	j.contains(etcd2.run(t, 1, "doctor", "--interval", "1s", all), "Stored in v2", `"/_locks"`, "With a TTL", "Empty directories", "Users and roles", "V2 is served")
	etcd2.run(t, 0, "export", "--from", all, "--hidden", "/_locks", "--hidden", "/app/_secret", "--out", file)
	etcd2.run(t, 0, "import", "--to-v3", first, "--dry-run", file)
	etcd2.run(t, 0, "import", "--to-v3", first, file)
	etcd2.run(t, 0, "verify", file, "v3:"+first)
	j.deleteAll()
	if text := etcd2.run(t, 1, "doctor", "--interval", "1s", all); strings.Count(text, "\n- ") != 1 {
		t.Errorf("after the deletion there is more than that v2 is served:\n%s", text)
	}
	j.restart(etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1))
	etcd2.run(t, 0, "doctor", "--interval", "1s", all)
	j.must(j.upgrade())
	j.serves36()
	// A lease begins again when the leader changes, so what has a TTL lives longer than before.
	etcd2.run(t, 0, "verify", "--tolerance", "1h", file, "v3:"+first)
}

func (j *journey) contains(text string, parts ...string) {
	j.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			j.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
