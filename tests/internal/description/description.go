// Package description gives tests the API's description as a model.
package description

import (
	"testing"

	"github.com/etcdv2/client/api"
	"github.com/getkin/kin-openapi/openapi3"
)

// Load returns api/openapi.yaml with its references resolved.
func Load(tb testing.TB) *openapi3.T {
	tb.Helper()
	model, err := openapi3.NewLoader().LoadFromData(api.Spec())
	if err != nil {
		tb.Fatal(err)
	}
	return model
}
