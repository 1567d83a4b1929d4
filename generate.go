// Package client is the root of the etcd v2 client library. It holds no code: import
// [github.com/etcdv2/client/etcd].
package client

//go:generate go run tools.go oapi-codegen -config api/codegen.yaml api/openapi.yaml
