package etcdtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

// childEnv names the etcd binary that a second test process is to run, see child.
const childEnv = "ETCDTEST_CHILD"

// child is this test binary as a process of its own: it starts a member, prints its
// URL, and then waits to be killed.
func child() {
	cluster, err := etcdtest.New(context.Background(), etcdtest.WithBinary(os.Getenv(childEnv)))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(cluster.Endpoints()[0])
	select {}
}

func TestProcessesDieWithTheTest(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux kills the children of a killed process")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+etcdtest.Build(t, etcdtest.Etcd23), "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	endpoint := strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(endpoint, "http://") {
		t.Errorf("the child says %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // that it was killed is no news
	client := suite.NewClient(t)
	suite.Eventually(t, func() error {
		_, err := suite.Get(t.Context(), client, endpoint, "/")
		if errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		return fmt.Errorf("etcd at %s still listens: %w", endpoint, err)
	})
}
