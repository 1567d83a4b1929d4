package story

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A shell runs commands of curl as they are written. Curl's configuration leads them to a server of the test.
type shell struct{ home string }

// newShell returns a shell, or nil on a machine without curl.
func newShell(t *testing.T, endpoint string) *shell {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Logf("the samples are sent, but not by curl: %v", err)
		return nil
	}
	home := t.TempDir()
	config := fmt.Sprintf("silent\nshow-error\nnoproxy = \"*\"\nconnect-to = %q\nwrite-out = %q\n",
		sampleHost+":"+strings.TrimPrefix(endpoint, "http://"), `\n%{http_code}`)
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return &shell{home}
}

// run returns the status and the body of the answer; that of a HEAD is its headers.
func (s *shell) run(t *testing.T, command string) (status int, answer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Env = append(os.Environ(), "CURL_HOME="+s.home)
	output, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Fatalf("%s: %v: %s", command, err, exit.Stderr)
	} else if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	end := strings.LastIndexByte(string(output), '\n')
	status, err = strconv.Atoi(string(output[end+1:]))
	if err != nil {
		t.Fatalf("%s: no status in %q", command, output)
	}
	return status, string(output[:end])
}
