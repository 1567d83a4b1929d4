package etcdtest

import (
	"os"
	"strings"
)

// logLines is how much of each member's log a failed test shows.
const logLines = 40

// logTail returns the last lines of the member's log.
func (m *Member) logTail() string { return tail(m.spec.LogFile) }

// tail returns the last lines of a log file.
func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-logLines):], "\n")
}

func saysAddressInUse(log string) bool {
	return strings.Contains(log, "address already in use")
}
