package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childEnv tells a process of its own what to read, with which client, from where.
const childEnv = "BENCH_CHILD"

// peak is how much memory a read takes at most, in bytes.
type peak struct {
	work, client string
	bytes        float64
}

// peaks measures the memory that one read takes, each in a process of its own: what that takes more at most than one that
// reads a single small value.
func peaks(tb testing.TB, s scale, endpoint string, clients []client) ([]peak, error) {
	large := strings.Repeat("etcd v2 ", s.large/8)
	if _, err := clients[0].set(tb.Context(), "/peak", large); err != nil {
		return nil, err
	}
	works := []struct{ name, key string }{
		{fmt.Sprintf("value of %.0f MB", float64(len(large))/1e6), "/peak"},
		{treeWork(s.tree), treeDir(s.tree)},
	}
	var all []peak
	for _, w := range works {
		for _, c := range clients {
			if c.list == nil {
				continue
			}
			more, err := beyondIdle(tb.Context(), min(s.rounds, 5), c.name, endpoint, w.key)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", w.name, c.name, err)
			}
			all = append(all, peak{w.name, c.name, more})
		}
	}
	return all, nil
}

// beyondIdle returns the median of how much more memory a process takes to read key than to read next to nothing.
func beyondIdle(ctx context.Context, rounds int, client, endpoint, key string) (float64, error) {
	var more []float64
	for range rounds {
		idle, err := mostMemory(ctx, client, endpoint, treeDir(1))
		if err != nil {
			return 0, err
		}
		busy, err := mostMemory(ctx, client, endpoint, key)
		if err != nil {
			return 0, err
		}
		more = append(more, busy-idle)
	}
	return median(more), nil
}

// mostMemory returns the greatest size that a process has had which reads key, in bytes.
func mostMemory(ctx context.Context, client, endpoint, key string) (float64, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.v", "-test.run", "^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{client, endpoint, key}, "|"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), highWater)
	var kilobytes float64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		return 0, fmt.Errorf("a process does not tell its size, which Linux does: %w\n%s", err, out)
	}
	return 1024 * kilobytes, nil
}

// highWater is what Linux calls the greatest size of a process.
const highWater = "VmHWM:"

// TestChild is the other process.
func TestChild(t *testing.T) {
	name, rest, _ := strings.Cut(os.Getenv(childEnv), "|")
	endpoint, key, asked := strings.Cut(rest, "|")
	if !asked {
		t.Skip("is run by TestBench, in a process of its own")
	}
	for _, c := range newClients(t, endpoint) {
		if c.name == name {
			if err := c.list(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, highWater) {
			t.Log(line)
		}
	}
}
