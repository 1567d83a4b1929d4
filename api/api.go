// Package api holds the OpenAPI description of the etcd v2 HTTP API.
package api

import _ "embed"

//go:embed openapi.yaml
var spec string

// Spec returns the description as YAML.
func Spec() []byte { return []byte(spec) }
