// Package clients_test generates clients in other languages from api/openapi.yaml and takes each of them through one
// scenario on real servers. It does so only with CLIENTS set, as make clients does, since it fetches the generators.
package clients_test

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }

func TestClients(t *testing.T) {
	if os.Getenv("CLIENTS") == "" {
		reason := "CLIENTS is not set: make clients runs this"
		fmt.Println("skipped:", reason)
		t.Skip(reason)
	}
	table := new(table)
	t.Cleanup(func() { fmt.Printf("\n%s\n", table) })
	clients := prepare(t, table)
	live.Each(t, func(t *testing.T, s live.Server) {
		for _, l := range clients {
			report := try(t, l, s)
			table.add(row{report: report})
			for check, reason := range report.failed {
				t.Errorf("%s on %s: %s: %s", l.name, s.Version, check, reason)
			}
		}
	})
}

// prepare returns the languages whose clients could be generated and compiled. A language whose tools are missing is
// in the table for all to see; one that does not build is an error.
func prepare(t *testing.T, table *table) []language {
	var clients []language
	for _, l := range languages {
		if tool := l.missing(); tool != "" {
			table.add(row{report: report{language: l.name}, instead: "not tried: there is no " + tool + " in the path"})
			continue
		}
		fmt.Printf("%s: generating and compiling\n", l.name)
		start := time.Now()
		if err := l.prepare(t.Context()); err != nil {
			table.add(row{report: report{language: l.name}, instead: "not tried: it could not be built"})
			t.Errorf("%s: %v", l.name, err)
			continue
		}
		fmt.Printf("%s: ready after %s\n", l.name, time.Since(start).Round(time.Second))
		clients = append(clients, l)
	}
	if len(clients) == 0 {
		t.Error("no language was tried")
	}
	return clients
}

// try runs both programs of a language against a server.
func try(t *testing.T, l language, s live.Server) report {
	version, err := s.Client.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := path.Join(s.Dir, l.name)
	output, err := l.output(t.Context(), "scenario", s.Endpoint, strings.TrimPrefix(dir, "/"), version.Server)
	report := readReport(l.name, s.Version, output)
	if err != nil {
		t.Errorf("%s on %s: the scenario ended with %v", l.name, s.Version, err)
	}
	if err := checkTree(t.Context(), s.Client, dir); err != nil {
		report.failed["tree"] = err.Error()
	}
	output, err = l.output(t.Context(), "example", s.Endpoint)
	if want := "set\n105 Key already exists\n"; err != nil || output != want {
		report.failed["example"] = fmt.Sprintf("it printed %q instead of %q: %v", output, want, err)
	}
	return report
}
