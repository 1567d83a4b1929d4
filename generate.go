// Package client is the root of the etcd v2 client library. It holds no code: import
// [github.com/etcdv2/client/etcd].
package client

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config api/codegen.yaml api/openapi.yaml
