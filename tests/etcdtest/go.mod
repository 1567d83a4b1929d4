module github.com/etcdv2/client/tests/etcdtest

go 1.25.0
