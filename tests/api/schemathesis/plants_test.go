package schemathesis_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/tests/etcdtest"
)

// A plant takes from the description something that servers do, and says how schemathesis complains.
type plant struct {
	name, operation string
	old, new        string
	complaint       string
}

var plants = []plant{
	{
		name: "status", operation: "deleteRoot",
		old: "        '403': {$ref: '#/components/responses/WrongKind'}\n", new: "",
		complaint: "Undocumented status code",
	},
	{
		name: "media type", operation: "getMachines",
		old: "text/plain:", new: "text/html:",
		complaint: "Undocumented Content-Type",
	},
	{
		name: "body", operation: "getVersion",
		old: "required: [etcdserver, etcdcluster]", new: "required: [etcdserver, etcdcluster, other]",
		complaint: "Response violates schema",
	},
	{
		name: "header", operation: "headRoot",
		old: "      schema: {type: integer, format: int64, minimum: 0}\n      example: 5\n", new: "      schema: {type: boolean}\n",
		complaint: "Response header does not conform to the schema",
	},
}

// Schemathesis finds what is not declared.
func TestPlantsAreFound(t *testing.T) {
	program := find(t)
	endpoint := etcdtest.Start(t).Endpoints()[0]
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			planted := bytes.ReplaceAll(api.Spec(), []byte(p.old), []byte(p.new))
			if bytes.Equal(planted, api.Spec()) {
				t.Fatalf("the description has no %q", p.old)
			}
			flags := []string{"--include-operation-id=" + p.operation, "--phases=coverage,fuzzing", "--max-examples=5"}
			output, err := run{program, planted, endpoint, nil, flags}.do(t)
			if err == nil || !strings.Contains(output, p.complaint) {
				t.Errorf("%v, want %q in\n%s", err, p.complaint, output)
			}
		})
	}
}
