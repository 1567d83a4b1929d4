package tour_test

import (
	"errors"
	"os"
	"regexp"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/etcd34"
)

// A server is a version of etcd and what is different on it.
type server struct {
	release string // "2.0.5"
	binary  string
	differences
}

// differences are all that the library does not even out.
type differences struct {
	cluster       string         // what Version says of the cluster
	inOrder       *regexp.Regexp // names of in-order keys
	refreshSeen   bool           // whether watches see a refresh
	refreshDir    error          // of a refresh of a directory
	updateDir     error          // of a new TTL for a directory
	deletionAbove bool           // whether a watch that looks back sees the deletion of a directory above its key
	auth          error          // of everything about authentication
}

var (
	bare   = regexp.MustCompile(`^[1-9]\d*$`)
	padded = regexp.MustCompile(`^\d{20}$`)
)

var known = map[string]differences{
	"2.0.5":  {inOrder: bare, refreshSeen: true, refreshDir: etcd.ErrNotFile, auth: etcd.ErrNotSupported},
	"2.3.8":  {cluster: "2.3.0", inOrder: padded, deletionAbove: true},
	"3.3.27": {cluster: "3.3.0", inOrder: padded, deletionAbove: true},
	"3.4":    {cluster: "3.4.0", inOrder: padded, deletionAbove: true},
	"3.5.35": {cluster: "3.5.0", inOrder: padded, deletionAbove: true, refreshDir: etcd.ErrRaftInternal, updateDir: etcd.ErrRaftInternal},
}

// servers returns what there is to visit: etcd 3.4 where it is installed, or else with make contract. All are
// processes: where races are looked for, an embedded 3.5 is found to have some in its statistics, and is slow
// to hash passwords.
func servers(t *testing.T) []server {
	var all []server
	for _, v := range []etcdtest.Version{etcdtest.Etcd20, etcdtest.Etcd23, etcdtest.Etcd33, etcdtest.Etcd35} {
		all = append(all, server{string(v), etcdtest.Build(t, v), known[string(v)]})
	}
	binary := etcd34.Etcd.Installed()
	if binary == "" && os.Getenv("CONTRACT") == "thorough" {
		binary, _ = etcd34.Etcd.Find(t)
	}
	if binary != "" {
		all = append(all, server{etcd34.Release(t, binary), binary, known["3.4"]})
	}
	return all
}

// fails checks why a call failed; nil says that it must not.
func fails(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}
