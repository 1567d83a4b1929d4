// Package etcd34 finds the programs of etcd 3.4, which cannot be built from a Go module.
package etcd34

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A Program is a program of etcd 3.4.
type Program struct{ name, variable, debianPackage string }

var (
	// Etcd is the server.
	Etcd = Program{"etcd", "ETCD_34", "etcd-server"}
	// Etcdctl is its command line client.
	Etcdctl = Program{"etcdctl", "ETCDCTL_34", "etcd-client"}
)

// Installed returns the program that the variable names, or the one in the path; "" if neither is of etcd 3.4.
func (p Program) Installed() string {
	for _, path := range []string{os.Getenv(p.variable), p.name} {
		out, err := exec.Command(path, "--version").CombinedOutput()
		if err == nil && strings.Contains(string(out), "ersion: 3.4.") {
			return path
		}
	}
	return ""
}

// Find returns the path of the program that is installed, or of the one in Debian's package, which is unpacked for
// the test and not installed. If there is none, it returns why.
func (p Program) Find(t *testing.T) (path, why string) {
	if path := p.Installed(); path != "" {
		return path, ""
	}
	dir := t.TempDir()
	for _, args := range [][]string{{"apt-get", "download", p.debianPackage}, {"sh", "-c", "dpkg -x " + p.debianPackage + "_*.deb ."}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", p.variable + " names no etcd 3.4, none is in the path, and " + strings.Join(args, " ") + " fails: " +
				err.Error() + " " + strings.TrimSpace(string(out))
		}
	}
	return filepath.Join(dir, "usr", "bin", p.name), ""
}

// Release asks a binary for its version, such as "3.4.23".
func Release(t *testing.T, binary string) string {
	out, err := exec.Command(binary, "--version").CombinedOutput()
	found := regexp.MustCompile(`3\.4\.\d+`).Find(out)
	if err != nil || found == nil {
		t.Fatalf("%s --version: %v: %s", binary, err, out)
	}
	return string(found)
}
