module etcd-2.3.8

go 1.21

require github.com/coreos/etcd v2.3.8+incompatible
