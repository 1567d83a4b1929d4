// Package api holds the OpenAPI description of the etcd v2 HTTP API, openapi.yaml, for programs: for
// validators that compare it with what a server sends, for generators, and for tools that show it to people.
// The library does not import it, so that its users do not carry the text along.
//
// The description is also the source of the library's requests: make generate makes package gen from it. It
// does not depend on a language; go-overlay.yaml has what only Go needs. PUT has prevExist and prevIndex in
// the query, where they hold even if the server does not understand the form, and prevValue in the form,
// because it may be long.
//
// The file client.tmpl replaces the generator's client template: the builder of a PUT needs 15 allocations
// instead of 46, and the library needs no dependency. A test compares its encoding with that of
// oapi-codegen/runtime, which the generator's own builders call. Another test fails when a release of the
// generator changes the template that this one replaces: compare the two then, and adapt ours.
package api

import _ "embed"

//go:embed openapi.yaml
var spec string

// Spec returns the description, OpenAPI 3.0 as YAML. The slice is the caller's own.
func Spec() []byte {
	return []byte(spec)
}
