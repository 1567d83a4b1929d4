// Package pythonetcd finds a Python that has python-etcd, the Python client that tests are made against.
package pythonetcd

import (
	"path/filepath"
	"sync"

	"github.com/etcdv2/client/tests/internal/venv"
)

// Python returns the path of such a Python, or the reason why there is none. The first call on a machine installs it.
var Python = sync.OnceValues(func() (path, reason string) {
	bin, reason := venv.With("python-etcd==0.4.5", "etcd")
	return filepath.Join(bin, "python"), reason
})
