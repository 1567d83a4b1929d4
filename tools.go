//go:build tools

package client

// The generator is a requirement of go.mod, so that everybody generates with the same release of it. No build contains
// it: the tag above is never set.
import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
