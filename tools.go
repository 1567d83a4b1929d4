//go:build tools

// Package client pins the code generator in go.mod; nothing imports it.
package client

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
