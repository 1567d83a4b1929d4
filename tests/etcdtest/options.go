package etcdtest

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// An Option changes what [Start] and [New] start. Without any, a cluster is one
// embedded etcd 3.5 member without TLS. A nil Option changes nothing.
type Option func(*config) error

// config is what the options come to.
type config struct {
	members    int
	binary     string
	clientAddr string
	ca         *CA
	clientCert bool
	snapshots  int // writes between two snapshots, 0 for etcd's default
	withoutV2  bool
}

func newConfig(opts []Option) (*config, error) {
	cfg := &config{members: 1}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(cfg); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

// WithMembers sets the number of members. The default is 1; use an odd number,
// so that a majority is left when (n-1)/2 of them are stopped.
func WithMembers(n int) Option {
	return func(cfg *config) error {
		if n < 1 {
			return fmt.Errorf("etcdtest: a cluster needs at least 1 member, not %d", n)
		}
		cfg.members = n
		return nil
	}
}

// WithBinary makes each member a process of the etcd binary at path, instead of
// a server embedded in the test process. It is known to work with 2.0.5, 2.3.8,
// 3.3.27, 3.4.23 and 3.5.35; [Build] makes all but 3.4.23. Only processes can be frozen.
func WithBinary(path string) Option {
	return func(cfg *config) error {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("etcdtest: the etcd binary: %w", err)
		}
		cfg.binary = path
		return nil
	}
}

// WithClientAddr makes the first member serve clients on addr ("127.0.0.1:2379")
// instead of on a free port. If the port is taken, the start fails with an error
// that is [syscall.EADDRINUSE].
func WithClientAddr(addr string) Option {
	return func(cfg *config) error {
		host, port, err := net.SplitHostPort(addr)
		if err != nil || host == "" || port == "" {
			return fmt.Errorf("etcdtest: the client address %q is not host:port", addr)
		}
		cfg.clientAddr = addr
		return nil
	}
}

// WithoutV2 starts etcd 3.4 and 3.5 as they come, without the v2 API; earlier versions cannot be started so.
// The cluster's own questions to members, such as [Cluster.Leader], have no answer then.
func WithoutV2() Option {
	return func(cfg *config) error {
		cfg.withoutV2 = true
		return nil
	}
}

// WithTLS makes the members serve clients over https, with certificates for
// 127.0.0.1 and localhost signed by ca.
func WithTLS(ca *CA) Option {
	return func(cfg *config) error {
		if ca == nil {
			return errors.New("etcdtest: TLS needs a CA")
		}
		cfg.ca = ca
		return nil
	}
}

// WithClientCertAuth is [WithTLS], and the members refuse clients that do not
// show a certificate signed by ca, see [CA.ClientCert].
func WithClientCertAuth(ca *CA) Option {
	return func(cfg *config) error {
		cfg.clientCert = true
		return WithTLS(ca)(cfg)
	}
}

// WithSnapshotCount makes each member take a snapshot after n writes, where etcd's default is 10,000 or
// more. A member that was away is overtaken by a snapshot if it has missed about 5,000 writes more
// than that: so many the others keep for it, whatever n is.
func WithSnapshotCount(n int) Option {
	return func(cfg *config) error {
		if n < 1 {
			return fmt.Errorf("etcdtest: a snapshot needs at least 1 write, not %d", n)
		}
		cfg.snapshots = n
		return nil
	}
}
