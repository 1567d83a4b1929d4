package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// versionLimit bounds the question for a binary's version.
const versionLimit = 10 * time.Second

// version is the version of an etcd binary.
type version struct {
	full         string
	major, minor int
}

// servesV2 reports whether the version can serve the v2 API.
func (v version) servesV2() bool { return !v.atLeast(3, 6) }

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// "etcd Version: 2.3.8", and "etcd version 2.0.5" before 2.1; "etcdutl version: 3.5.35".
var versionLine = regexp.MustCompile(`(?i)etcd(?:utl)? version:? ((\d+)\.(\d+)\.\S+)`)

// told holds what binaries have told of themselves in this process.
var told sync.Map // of tellings, by path

// A telling is a version, and the file that it is the version of.
type telling struct {
	file    fs.FileInfo
	version version
}

// binaryVersion returns the version that the binary tells when it is asked with that argument.
func binaryVersion(ctx context.Context, binary, asked string) (version, error) {
	file, err := os.Stat(binary)
	if err != nil {
		return version{}, err
	}
	if known, ok := told.Load(binary); ok {
		k := known.(telling)
		if os.SameFile(file, k.file) && file.ModTime().Equal(k.file.ModTime()) && file.Size() == k.file.Size() {
			return k.version, nil
		}
	}
	v, err := askVersion(ctx, binary, asked)
	if err == nil {
		told.Store(binary, telling{file, v})
	}
	return v, err
}

func askVersion(ctx context.Context, binary, asked string) (version, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, versionLimit, fmt.Errorf("no answer within %v", versionLimit))
	defer cancel()
	out, err := output(ctx, exec.CommandContext(ctx, binary, asked))
	found := versionLine.FindSubmatch(out)
	if found == nil {
		return version{}, errors.Join(fmt.Errorf("etcdtest: %s %s tells no etcd version: %q", binary, asked, out), err)
	}
	major, _ := strconv.Atoi(string(found[2]))
	minor, _ := strconv.Atoi(string(found[3]))
	return version{string(found[1]), major, minor}, nil
}

// flags returns the command line of a member that is a process of the given version.
func flags(s *launch.Spec, v version) []string {
	peerURL, clientURL := s.PeerURL(), s.ClientURL()
	flags := []string{
		"--name=" + s.Name,
		"--data-dir=" + s.DataDir,
		"--listen-peer-urls=" + peerURL,
		"--initial-advertise-peer-urls=" + peerURL,
		"--listen-client-urls=" + clientURL,
		"--advertise-client-urls=" + clientURL,
		"--initial-cluster-token=" + s.Token,
		"--initial-cluster=" + s.InitialCluster,
		fmt.Sprint("--heartbeat-interval=", s.Heartbeat.Milliseconds()),
		fmt.Sprint("--election-timeout=", s.Election.Milliseconds()),
	}
	if s.Joins {
		flags = append(flags, "--initial-cluster-state=existing")
	}
	if s.Snapshots > 0 {
		flags = append(flags, fmt.Sprint("--snapshot-count=", s.Snapshots))
	}
	if s.CertFile != "" {
		flags = append(flags, "--cert-file="+s.CertFile, "--key-file="+s.KeyFile)
	}
	switch {
	case s.ClientCAFile == "":
	case v.atLeast(2, 1):
		flags = append(flags, "--trusted-ca-file="+s.ClientCAFile, "--client-cert-auth")
	default:
		flags = append(flags, "--ca-file="+s.ClientCAFile)
	}
	if v.atLeast(3, 4) && !s.WithoutV2 { // on by default before
		flags = append(flags, "--enable-v2")
	}
	if v.atLeast(3, 5) { // a test's data need not outlive the machine
		flags = append(flags, "--unsafe-no-fsync")
	}
	return flags
}
