package etcdtest

import (
	"io"
	"os"
	"strings"
	"syscall"
)

const (
	// logLines is how much of each member's log a failed test shows.
	logLines = 40
	// logBytes bounds what is read for that.
	logBytes = 64 << 10
)

// logTail returns the last lines of the member's log.
func (m *Member) logTail() string { return tail(m.spec.LogFile) }

// tail returns the last lines of a log file.
func tail(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > logBytes {
		if _, err := f.Seek(-logBytes, io.SeekEnd); err != nil {
			return err.Error()
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, logBytes))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-logLines):], "\n")
}

// errInUse is what a start fails with if a port was taken, also on Windows.
const errInUse = syscall.EADDRINUSE

// saysInUse reports whether the log says that this address was taken. Another one, such as that of a listener for
// metrics, would be taken at the next try as well.
func saysInUse(log, addr string) bool {
	for line := range strings.Lines(log) {
		taken := strings.Contains(line, "address already in use") || strings.Contains(line, "Only one usage of each socket address")
		if taken && strings.Contains(line, addr) {
			return true
		}
	}
	return false
}
