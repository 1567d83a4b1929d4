package contract

import (
	"net/http"
	"testing"

	"github.com/etcdv2/client/tests/validator"
)

// Each fact holds of this reply or does not, so that no case passes by a check that cannot fail.
func TestFacts(t *testing.T) {
	r := &run{server: &server{}, dir: "/p"}
	got := reply{status: 200, header: http.Header{"X-Etcd-Index": {"7"}}, body: `{"a":…}`, fields: map[string]any{
		"action": "set", "node": map[string]any{"key": "/p/a", "n": "7", "nodes": []any{"x", "y"}},
	}}
	given := reply{fields: map[string]any{"node": map[string]any{"n": "6"}}}
	for fact, holds := range map[string]bool{
		"action = set":                 true,
		"action = get":                 false,
		"nothing = ":                   false,
		"node.key = ~/a":               true,
		"node.key = ~/b":               false,
		"node.key ~ ^/p":               true,
		"node.key ~ ^/q":               false,
		"has node":                     true,
		"has prevNode":                 false,
		"no prevNode":                  true,
		"no node":                      false,
		"node.nodes.# = 2":             true,
		"node.nodes.# = 3":             false,
		"node.nodes.1 = y":             true,
		"node.nodes.2 = y":             false,
		"node.n == @X-Etcd-Index":      true,
		"node.n == given.node.n":       false,
		"node.n != given.node.n":       true,
		"node.n != @X-Etcd-Index":      false,
		"node.n > given.node.n":        true,
		"node.n > 7":                   false,
		"node.n < 8":                   true,
		"given.node.n < given.node.n":  false,
		"node.key < node.n":            false,
		"node.n == nothing":            false,
		`body = {"a":…}`:               true,
		"body = ":                      false,
		"@X-Etcd-Index = 7":            true,
		"no @X-Raft-Index":             true,
		"has @X-Raft-Index":            false,
		"node.nodes.0 == node.nodes.0": true,
	} {
		if text := r.fact(fact, got, given); (text == "") != holds {
			t.Errorf("%q: %q", fact, text)
		}
	}
	if wrong := r.check(answer{status: 201}, got, given); len(wrong) == 0 {
		t.Error("another status is as good")
	}
	if wrong := r.check(answer{status: 200, action: "get"}, got, given); len(wrong) == 0 {
		t.Error("another action is as good")
	}
	if wrong := r.check(answer{status: 200, code: 100}, got, given); len(wrong) == 0 {
		t.Error("no error code is as good")
	}
}

func TestVersionBounds(t *testing.T) {
	v := version{3, 4, 23}
	for versions, in := range map[string]bool{
		"": true, "<3.5": true, "<3.4": false, "<3.4.24": true, "<3.4.23": false, ">=3.4": true, ">=3.5": false,
		">=2.3 <3.4": false, ">=2.3 <3.5": true, "<2.10": false,
	} {
		if v.in(versions) != in {
			t.Errorf("%v in %q is not %v", v, versions, in)
		}
	}
}

// Every operation of the description is in the list that the failing servers are asked.
func TestOperationsAreComplete(t *testing.T) {
	asked := map[string]bool{}
	r := &run{server: &server{endpoint: "http://127.0.0.1"}, dir: "/p"}
	for _, text := range operations {
		req, err := r.newRequest(t.Context(), text, reply{})
		if err != nil {
			t.Fatal(err)
		}
		if operation, _ := spec.Route(&validator.Exchange{Method: req.Method, URL: req.URL}); operation != nil {
			asked[operation.OperationID] = true
		}
	}
	for path, item := range spec.Document().Paths.Map() {
		for method, operation := range item.Operations() {
			if !asked[operation.OperationID] {
				t.Errorf("nobody asks for %s %s", method, path)
			}
		}
	}
}
