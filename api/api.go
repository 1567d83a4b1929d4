// Package api holds the OpenAPI description of the etcd v2 HTTP API, openapi.yaml, for programs: for validators that
// compare it with what a server sends, for generators, and for tools that show it to people. The library does not
// import it, so that its users do not carry the text along.
package api

import _ "embed"

//go:embed openapi.yaml
var spec string

// Spec returns the description, OpenAPI 3.0 as YAML. The slice is the caller's own.
func Spec() []byte {
	return []byte(spec)
}
