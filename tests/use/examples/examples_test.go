// Package examples runs the examples of the library's documentation against real servers.
package examples

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// The examples stand beside the code they explain, where no etcd server can be imported; a go test
// of that package with a server's address lets them run.
func TestExamples(t *testing.T) {
	for name, options := range map[string][]etcdtest.Option{
		"3.5":   nil,
		"2.3.8": {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23))},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := etcdtest.Start(t, options...)
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run=^Example", "-v",
				"github.com/etcdv2/client/etcd", "github.com/etcdv2/client/locking", "github.com/etcdv2/client/election")
			cmd.Env = append(os.Environ(), "ETCD_EXAMPLES_ENDPOINT="+cluster.Endpoints()[0])
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if ran := bytes.Count(out, []byte("--- PASS: Example")); ran < 30 {
				t.Errorf("only %d examples ran:\n%s", ran, out)
			}
		})
	}
}
