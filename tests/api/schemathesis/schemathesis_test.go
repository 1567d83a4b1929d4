// Package schemathesis_test lets schemathesis make requests from api/openapi.yaml and send them to real servers. An answer
// whose status, media type, header or body the description does not declare fails the test. It runs only with CONTRACT set,
// as make contract does, since it fetches schemathesis.
//
// Requests that wait are left out, and a few others that hooks.py names.
package schemathesis_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/api/contract/proof"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/validator"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// A section is a part of the API with a cluster of its own, so that what it changes disturbs no other.
type section struct {
	name    string
	members int
	prepare func(t *testing.T, client *etcd.Client)
	flags   []string
}

var sections = []section{
	// Only a cluster of three still has a quorum while it has one member more.
	{name: "keys, cluster and statistics", members: 3, flags: []string{"--exclude-tag=auth", "--max-examples=30"}},
	{name: "users and roles", members: 1, prepare: addRoot, flags: []string{"--include-tag=auth", "--max-examples=20", "--auth=root:" + password}},
	{name: "everything, without credentials", members: 1, prepare: enableAuth, flags: []string{"--phases=coverage"}},
}

const password = "secret"

func addRoot(t *testing.T, client *etcd.Client) {
	live.Eventually(t, "the server has authentication", func() bool { // etcd 2 has not at first
		return client.Auth().CreateUser(t.Context(), "root", password) == nil
	})
}

// enableAuth takes all rights from requests without credentials.
func enableAuth(t *testing.T, client *etcd.Client) {
	addRoot(t, client)
	if err := client.Auth().Enable(t.Context()); err != nil {
		t.Fatal(err)
	}
	root := live.Connect(t, etcd.Config{Endpoints: client.Endpoints(), Username: "root", Password: password})
	all := etcd.Permissions{Read: []string{"/*"}, Write: []string{"/*"}}
	if err := root.Auth().RevokePermissions(t.Context(), "guest", all); err != nil {
		t.Fatal(err)
	}
}

// Servers answer generated requests as the description says.
func TestAnswersAreDeclared(t *testing.T) {
	program := find(t)
	spec, err := validator.Load(api.Spec())
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []etcdtest.Version{etcdtest.Etcd23, etcdtest.Etcd35} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			e := new(ear)
			for _, s := range sections {
				t.Run(s.name, func(t *testing.T) { s.try(t, program, version, spec, e) })
			}
			requests := e.heard()
			table := proof.Measure(spec, requests)
			operations, allOperations := table.Count(proof.Operation)
			statuses, _ := table.Count(proof.Status)
			fmt.Printf("contract: schemathesis on etcd %s: %d requests in %s, %d of %d operations, %d statuses\n",
				version, len(requests), time.Since(start).Round(time.Second), operations, allOperations, statuses)
			if operations < allOperations {
				t.Errorf("%d of %d operations were asked for", operations, allOperations)
			}
		})
	}
}

// try sends requests to a server of its own.
func (s section) try(t *testing.T, program string, version etcdtest.Version, spec *validator.Spec, e *ear) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version)), etcdtest.WithMembers(s.members))
	client := live.Client(t, cluster.Endpoints()...)
	members := live.Must[[]etcd.Member](t)(client.Members(t.Context()))
	if s.prepare != nil {
		s.prepare(t, client)
	}
	leader, err := cluster.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := (&validator.Transport{Spec: spec, Report: e.report, Record: e.record}).Listen(leader.URL())
	if err != nil {
		t.Fatal(err)
	}
	output, err := run{program, api.Spec(), proxy.URL(), members, s.flags}.do(t)
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	if err := proxy.Close(); err != nil {
		t.Error(err)
	}
	for _, finding := range e.take() {
		t.Error(finding)
	}
}

// find returns the program, or skips the test.
func find(t *testing.T) string {
	if os.Getenv("CONTRACT") != "thorough" {
		t.Skip("make contract runs it")
	}
	path, reason := schemathesis()
	if reason != "" {
		fmt.Printf("contract: %s is left out: %s\n", release, reason)
		t.Skip(reason)
	}
	return path
}
