// Package api holds the OpenAPI description of the etcd v2 HTTP API, openapi.yaml, for programs: for
// validators that compare it with what a server sends, for generators, and for tools that show it to people.
// The library does not import it, so that its users do not carry the text along.
//
// The description is the source of the library's requests, too: make generate makes package gen from it. It
// is neutral to languages; what only Go needs to know stands in go-overlay.yaml. PUT carries prevExist and
// prevIndex in the query, where they hold even if the form is not understood, and prevValue in the form,
// since it may be long.
//
// The file client.tmpl replaces the generator's client template: a PUT's builder needs 15 allocations instead
// of 46, and the library no dependency. A test holds its encoding to that of oapi-codegen/runtime, which the
// generator's own builders call; another fails when a release of the generator changes the template that it
// replaces: compare the two then, and let ours follow.
package api

import _ "embed"

//go:embed openapi.yaml
var spec string

// Spec returns the description, OpenAPI 3.0 as YAML. The slice is the caller's own.
func Spec() []byte {
	return []byte(spec)
}
