module github.com/etcdv2/client/migrate

go 1.25.0

replace (
	github.com/etcdv2/client => ..
	github.com/etcdv2/client/tests/etcdtest => ../tests/etcdtest
)
