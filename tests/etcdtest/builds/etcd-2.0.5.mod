module etcd-2.0.5

go 1.21

require github.com/coreos/etcd v2.0.5+incompatible
