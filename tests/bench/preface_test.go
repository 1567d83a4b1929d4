package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

// preface says what was measured where and how.
func preface() string {
	return fmt.Sprintf(`# Benchmarks

Written by `+"`make bench`"+` on %s: %s, %d cores (%s/%s), load average %s at the end, %s.
Server: etcd %s, one member, a process of its own on the same machine. Clients: %s.

Each client works in %d rounds of about %s, or %s for trees, values of 1 MiB and 64 goroutines. The clients take turns, so
that other load on the machine affects all of them alike. Times are medians, with half the distance between the quartiles.

- *net/http* is a program without a library. It uses net/http with enough idle connections, and encoding/json.
- *net/http, not decoded* reads replies and does not decode them.
- *bare TCP* writes requests and skips replies.
- *client/v2, tuned* has a transport with enough idle connections. The default transport keeps two.

Allocations and CPU time are the client's alone. [scale.md](scale.md) has what many watches and locks cost.

`, time.Now().UTC().Format(time.DateOnly), processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, load(), runtime.Version(),
		etcdtest.Etcd35, versions(), full.rounds, whole(full.batch), whole(longBatches*full.batch))
}

// callsPreface says what the chart of the calls shows.
const callsPreface = `## Calls

![` + callsTitle + `](` + callsFile + `)

The picture divides the median times in the tables below. The column *ours to net/http* is the median of the rounds' ratios.

`

// processor returns the name of the processor, as far as the system tells.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "a processor that does not tell its name"
}

// load returns how many programs wanted to run in the last minutes.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 3 {
		return strings.Join(fields[:3], " ")
	}
	return "unknown"
}

// versions names the clients that are compared.
func versions() string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "go.etcd.io/etcd/client/v2", "github.com/coreos/go-etcd").Output()
	if err != nil {
		return "of unknown versions"
	}
	return strings.Join(strings.Split(strings.TrimSpace(string(out)), "\n"), ", ")
}
