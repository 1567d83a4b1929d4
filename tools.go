//go:build ignore

// Tools runs a tool of the project in the version that everybody uses:
//
//	go run tools.go golangci-lint run ./...
//
// The tools are not requirements of go.mod, because programs that import the library would inherit what the
// tools require, and the newer release of Go that they need.
package main

import (
	"fmt"
	"os"
	"os/exec"
)

var tools = map[string]string{
	"golangci-lint": "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0",
	"oapi-codegen":  "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2",
	"oasdiff":       "github.com/oasdiff/oasdiff@v1.30.0",
}

func main() {
	if len(os.Args) < 2 || tools[os.Args[1]] == "" {
		fmt.Fprintln(os.Stderr, "usage: go run tools.go TOOL [ARGUMENT ...], where TOOL is a name in tools.go")
		os.Exit(2)
	}
	tool := exec.Command("go", append([]string{"run", tools[os.Args[1]]}, os.Args[2:]...)...)
	tool.Stdin, tool.Stdout, tool.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := tool.Run(); err != nil {
		os.Exit(1)
	}
}
