package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// An Option changes what [Start] and [New] start. Without any, a cluster is one etcd 3.5
// member without TLS, as a process. A nil Option changes nothing.
type Option func(*config) error

// config is what the options come to.
type config struct {
	opts       []Option // all of them
	members    int
	binary     string
	start      launch.Starter // nil for processes of binary
	clientAddr string
	ca         *CA
	clientCert bool
	snapshots  int // writes between two snapshots, 0 for etcd's default
	withoutV2  bool
}

func newConfig(opts []Option) (*config, error) {
	cfg := &config{opts: opts, members: 1}
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

// build finds the binary that members are processes of, unless an option named one or another kind of member.
func (cfg *config) build(ctx context.Context, logf func(format string, args ...any)) (err error) {
	if cfg.binary == "" && cfg.start == nil {
		cfg.binary, err = build(ctx, Etcd35, logf)
	}
	return err
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
// the one that [Build] makes of [Etcd35]. It is known to work with 2.0.5, 2.3.8,
// 3.3.27, 3.4.23, 3.5.35 and 3.6.16; [Build] makes all but 3.4.23.
func WithBinary(path string) Option {
	return func(cfg *config) error {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("etcdtest: the etcd binary: %w", err)
		}
		cfg.binary, cfg.start = path, nil
		return nil
	}
}

// WithStarter makes each member what start starts, instead of a process. It is for the modules beside this one, such
// as etcdtest/embedded: the argument's type is internal to them.
func WithStarter(start launch.Starter) Option {
	return func(cfg *config) error {
		cfg.start = start
		return nil
	}
}

// WithClientAddr makes the first member serve clients on addr ("127.0.0.1:2379")
// instead of on a free port. If the port is taken, the start fails with an error
// that is [syscall.EADDRINUSE].
func WithClientAddr(addr string) Option {
	return func(cfg *config) error {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return fmt.Errorf("etcdtest: the client address %q is not host:port", addr)
		}
		if host == "localhost" {
			host = "127.0.0.1"
		}
		if net.ParseIP(host) == nil { // etcd listens on no other name
			return fmt.Errorf("etcdtest: the host of the client address %q is not an IP address", addr)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("etcdtest: the port of the client address %q is not a number from 1 to 65535; "+
				"without WithClientAddr the port is a free one", addr)
		}
		cfg.clientAddr = net.JoinHostPort(host, port)
		return nil
	}
}

// WithoutV2 starts etcd 3.4 and 3.5 as they come, without the v2 API. Earlier versions cannot be started so, and
// 3.6 is never started otherwise.
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
