package main

import (
	"flag"
	"os"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// accessV3 is how to reach v3 clusters.
type accessV3 struct {
	user, passwordFile string
	tls                etcd.TLSFiles
}

func (a *accessV3) flags(f *flag.FlagSet) {
	f.StringVar(&a.user, "v3-user", "", "`name` to authenticate as at v3; the password is in $ETCD2_V3_PASSWORD or --v3-password-file")
	f.StringVar(&a.passwordFile, "v3-password-file", "", "`file` with the password for v3")
	f.StringVar(&a.tls.CA, "v3-cacert", "", "PEM `file` of the authorities that may sign the certificates of v3 servers")
	f.StringVar(&a.tls.Cert, "v3-cert", "", "PEM `file` of the client's certificate for v3")
	f.StringVar(&a.tls.Key, "v3-key", "", "PEM `file` of the client's key for v3")
}

// client returns a client of the v3 cluster at endpoints, which commas separate.
func (a *accessV3) client(endpoints string) (*clientv3.Client, error) {
	config := clientv3.Config{
		Endpoints: strings.Split(endpoints, ","), DialTimeout: 10 * time.Second, Logger: zap.NewNop(),
		MaxCallSendMsgSize: 1 << 30, // v3tree keeps to the server's limit, which may be above the client's of 2 MiB
	}
	var err error
	if config.Username = a.user; a.user != "" {
		if config.Password, err = password(a.passwordFile, "ETCD2_V3_PASSWORD"); err != nil {
			return nil, err
		}
	}
	if a.tls != (etcd.TLSFiles{}) {
		if config.TLS, err = a.tls.Config(); err != nil {
			return nil, err
		}
	}
	return clientv3.New(config)
}

// password returns what a file or, without one, a variable of the environment has.
func password(file, variable string) (string, error) {
	if file == "" {
		return os.Getenv(variable), nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimRight(string(text), "\r\n"), err
}
