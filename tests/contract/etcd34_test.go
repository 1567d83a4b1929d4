package contract

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// etcd34 returns an etcd 3.4 binary: the one that ETCD_34 names, the one in the path, or the one of Debian's package, which
// is unpacked for the test and not installed. "" and a printed reason if there is none.
func etcd34(t *testing.T) string {
	for _, binary := range []string{os.Getenv("ETCD_34"), "etcd"} {
		if out, err := exec.Command(binary, "--version").CombinedOutput(); err == nil && strings.Contains(string(out), "etcd Version: 3.4.") {
			return binary
		}
	}
	binary, why := debian(t, "etcd-server", "etcd")
	if why != "" {
		t.Logf("contract: etcd 3.4 is left out: ETCD_34 names none, none is in the path, and %s", why)
	}
	return binary
}

// debian returns a program of a Debian package, or why it cannot be had.
func debian(t *testing.T, name, program string) (path, why string) {
	dir := t.TempDir()
	for _, args := range [][]string{{"apt-get", "download", name}, {"sh", "-c", "dpkg -x " + name + "_*.deb ."}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", strings.Join(args, " ") + ": " + err.Error() + ": " + strings.TrimSpace(string(out))
		}
	}
	return filepath.Join(dir, "usr", "bin", program), ""
}
