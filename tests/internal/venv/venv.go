// Package venv gives tests programs written in Python, each in a virtual environment of its own.
package venv

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// With returns the directory that has the programs of a virtual environment with the release, such as "name==1.2", or the
// reason why there is none. The first call on a machine makes the environment in the user's cache directory. A call does
// so again if the module cannot be imported.
func With(release, module string) (bin, reason string) {
	system, err := exec.LookPath("python3")
	if err != nil {
		return "", "there is no python3 in the path"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err.Error()
	}
	dir := filepath.Join(cache, "etcdv2-interop", release)
	bin = filepath.Join(dir, "bin")
	python := filepath.Join(bin, "python")
	if exec.Command(python, "-c", "import "+module).Run() == nil {
		return bin, ""
	}
	for _, command := range [][]string{{system, "-m", "venv", "--clear", dir}, {python, "-m", "pip", "install", "--quiet", release}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Sprintf("%v: %v: %s", command, err, bytes.TrimSpace(out))
		}
	}
	return bin, ""
}
