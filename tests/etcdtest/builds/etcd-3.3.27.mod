module etcd-3.3.27

go 1.21

require github.com/coreos/etcd v3.3.27+incompatible

require (
	github.com/coreos/bbolt v1.3.3
	github.com/coreos/go-semver v0.3.0
	github.com/coreos/go-systemd v0.0.0-20180511133405-39ca1b05acc7
	github.com/coreos/pkg v0.0.0-20160727233714-3ac0863d7acf
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	github.com/dustin/go-humanize v1.0.0
	github.com/gogo/protobuf v1.2.1
	github.com/golang/groupcache v0.0.0-20210331224755-41bb18bfe9da
	github.com/golang/protobuf v1.3.2
	github.com/google/btree v1.0.0
	github.com/google/uuid v1.0.0
	github.com/grpc-ecosystem/go-grpc-middleware v1.0.0
	github.com/grpc-ecosystem/go-grpc-prometheus v1.2.0
	github.com/grpc-ecosystem/grpc-gateway v1.9.5
	github.com/jonboulle/clockwork v0.1.0
	github.com/prometheus/client_golang v1.0.0
	github.com/soheilhy/cmux v0.1.4
	github.com/spf13/cobra v0.0.3
	github.com/tmc/grpc-websocket-proxy v0.0.0-20190109142713-0ad062ec5ee5
	github.com/xiang90/probing v0.0.0-20190116061207-43a291ad63a2
	go.uber.org/zap v1.10.0
	golang.org/x/crypto v0.21.0
	golang.org/x/net v0.21.0
	golang.org/x/time v0.0.0-20210220033141-f8bda1e9f3ba
	google.golang.org/grpc v1.23.0
	sigs.k8s.io/yaml v1.1.0
)

require (
	github.com/gorilla/websocket v1.4.1 // indirect
	github.com/spf13/pflag v1.0.5 // indirect
	go.uber.org/atomic v1.7.0 // indirect
	go.uber.org/multierr v1.6.0 // indirect
)

replace github.com/coreos/bbolt => go.etcd.io/bbolt v1.3.3
