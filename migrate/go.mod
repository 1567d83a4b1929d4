module github.com/etcdv2/client/migrate

go 1.25.0

replace (
	github.com/etcdv2/client => ..
	github.com/etcdv2/client/tests/etcdtest => ../tests/etcdtest
)

require (
	github.com/etcdv2/client v0.0.0
	github.com/etcdv2/client/tests/etcdtest v0.0.0
)
