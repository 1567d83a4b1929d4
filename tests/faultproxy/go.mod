module github.com/etcdv2/client/tests/faultproxy

go 1.25.0
