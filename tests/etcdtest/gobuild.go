package etcdtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// buildGrace is how long the go command may take to end when the caller gives up.
const buildGrace = 5 * time.Second

// keptSettings say where the go command gets modules from and where it keeps them. A build takes these from the user,
// whose network may need them, and nothing else: what is set for the user's own builds, in the environment or by
// go env -w, must not change this one.
var keptSettings = []string{
	"GOAUTH", "GOCACHE", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPATH", "GOPRIVATE", "GOPROXY", "GOSUMDB",
	"GOVCS",
}

// goBuild builds the recipe's program in the module at dir.
func goBuild(ctx context.Context, dir, binary string, r recipe) error {
	env, err := buildEnv(ctx, dir, r)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-modcacherw", "-o", binary, r.pkg)
	cmd.Dir, cmd.Env = dir, env
	if out, err := output(ctx, cmd); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// buildEnv returns the environment of a build.
func buildEnv(ctx context.Context, dir string, r recipe) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, keptSettings...)...)
	cmd.Dir = dir
	out, err := output(ctx, cmd)
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("the go command is not in the path: %w", err)
	}
	settings := map[string]string{}
	if err == nil {
		err = json.Unmarshal(out, &settings)
	}
	if err != nil {
		return nil, fmt.Errorf("go env: %w\n%s", err, out)
	}
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GO") && !strings.HasPrefix(kv, "CGO_") {
			env = append(env, kv)
		}
	}
	// A user without a home directory has neither of these. They are made beside the module, and removed with it.
	for name, folder := range map[string]string{"GOCACHE": "cache", "GOPATH": "go"} {
		if value := settings[name]; value == "" || value == "off" {
			settings[name] = filepath.Join(dir, folder)
		}
	}
	settings["GOTMPDIR"] = dir                            // what a build leaves that is killed goes with the directory
	settings["GOTOOLCHAIN"] = cmp.Or(r.toolchain, "auto") // auto: the one at hand, or a newer one if etcd needs that
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	return append(env, "GOENV=off", "GO111MODULE=on", "GOWORK=off", "CGO_ENABLED=0"), nil
}

// output runs a command that ends with ctx or with this process, and returns what it printed.
func output(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	cmd.SysProcAttr = dieWithParent()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = buildGrace
	var out []byte
	var err error
	onOwnThread(func() { out, err = cmd.CombinedOutput() })
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return out, err
}
