// Package pythonetcd finds a Python that has python-etcd, the Python client that tests are made against.
package pythonetcd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

const release = "python-etcd==0.4.5"

// Python returns the path of such a Python, or the reason why there is none. The first call on a machine makes a virtual
// environment in the user's cache directory and installs into it.
var Python = sync.OnceValues(func() (path, reason string) {
	system, err := exec.LookPath("python3")
	if err != nil {
		return "", "there is no python3 in the path"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err.Error()
	}
	dir := filepath.Join(cache, "etcdv2-interop", release)
	path = filepath.Join(dir, "bin", "python")
	if exec.Command(path, "-c", "import etcd").Run() == nil {
		return path, ""
	}
	for _, command := range [][]string{{system, "-m", "venv", "--clear", dir}, {path, "-m", "pip", "install", "--quiet", release}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Sprintf("%v: %v: %s", command, err, bytes.TrimSpace(out))
		}
	}
	return path, ""
})
