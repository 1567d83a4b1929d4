package schemathesis_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/venv"
	"github.com/etcdv2/client/tests/validator"
)

const release = "schemathesis==4.32.5"

var schemathesis = sync.OnceValues(func() (path, reason string) {
	bin, reason := venv.With(release, "schemathesis")
	return filepath.Join(bin, "schemathesis"), reason
})

// A run is one call of schemathesis.
type run struct {
	program     string
	description []byte
	endpoint    string
	members     []etcd.Member
	flags       []string
}

// examplePeers are the addresses of peers in the description's examples. Members would connect to them.
var examplePeers = regexp.MustCompile(`10\.0\.0\.\d+:\d+`)

// do sends the requests. The error is not nil if an answer was not declared; the output says which.
func (r run) do(t *testing.T) (output string, err error) {
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(file, examplePeers.ReplaceAll(r.description, []byte("127.0.0.1:1")), 0o600); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range r.members {
		ids = append(ids, m.ID)
	}
	args := append([]string{"run", "--no-color", "--url=" + r.endpoint, file}, r.flags...)
	if seed := os.Getenv("CONTRACT_SEED"); seed != "" {
		args = append(args, "--seed="+seed)
	}
	cmd := exec.CommandContext(t.Context(), r.program, args...)
	cmd.Env = append(os.Environ(), "MEMBERS="+strings.Join(ids, " "), "HYPOTHESIS_STORAGE_DIRECTORY="+t.TempDir())
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// An ear hears what passes between schemathesis and a server. It finds what schemathesis does not look for, such as fields
// and headers that are not declared.
type ear struct {
	mu        sync.Mutex
	exchanges []*validator.Exchange
	findings  []validator.Finding
}

func (e *ear) record(x *validator.Exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.exchanges = append(e.exchanges, x)
}

func (e *ear) report(f validator.Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.Side == validator.Response {
		e.findings = append(e.findings, f)
	}
}

// take returns what was found since it was called last.
func (e *ear) take() []validator.Finding {
	e.mu.Lock()
	defer e.mu.Unlock()
	found := e.findings
	e.findings = nil
	return found
}

// heard returns all that has passed.
func (e *ear) heard() []*validator.Exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.exchanges)
}
