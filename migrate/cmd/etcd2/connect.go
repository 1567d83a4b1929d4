package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/v2tree"
)

// access is how to reach v2 clusters.
type access struct {
	user, passwordFile string
	tls                etcd.TLSFiles
	attempt, patience  time.Duration
}

func (a *access) flags(f *flag.FlagSet) {
	f.StringVar(&a.user, "user", "", "`name` to authenticate as; the password is in $ETCD2_PASSWORD or --password-file")
	f.StringVar(&a.passwordFile, "password-file", "", "`file` with the password")
	f.StringVar(&a.tls.CA, "cacert", "", "PEM `file` of the authorities that may sign the servers' certificates")
	f.StringVar(&a.tls.Cert, "cert", "", "PEM `file` of the client's certificate")
	f.StringVar(&a.tls.Key, "key", "", "PEM `file` of the client's key")
	f.DurationVar(&a.attempt, "attempt-timeout", 30*time.Second, "how long a member may take for a whole answer; more for huge directories")
	f.DurationVar(&a.patience, "patience", time.Minute, "how long to repeat a call that no member answers, after the first one")
}

// client returns a client of the v2 cluster at endpoints, which commas separate. clusterID may be empty.
func (a *access) client(endpoints, clusterID string) (*etcd.Client, error) {
	config, err := a.config(endpoints, clusterID)
	if err != nil {
		return nil, err
	}
	return newClient(config)
}

// A reader is a client that makes no quorum reads, unless they are asked for.
type reader struct {
	*etcd.Client
	transport *http.Transport
}

func (r reader) Close() error {
	defer r.transport.CloseIdleConnections()
	return r.Client.Close()
}

func (a *access) reader(endpoints, clusterID string, quorum bool) (reader, error) {
	config, err := a.config(endpoints, clusterID)
	if err != nil {
		return reader{}, err
	}
	transport := plainTransport()
	transport.TLSClientConfig = config.TLS
	config.TLS, config.HTTPClient = nil, &http.Client{Transport: transport}
	if !quorum {
		config.HTTPClient.Transport = v2tree.WithoutQuorum(transport)
	}
	client, err := newClient(config)
	return reader{client, transport}, err
}

// plainTransport returns a transport like the one that a client makes for itself: with HTTP/1.1 only, because attempts
// would share one connection of HTTP/2, even to a member that has stopped answering.
func plainTransport() *http.Transport {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	dialer := net.Dialer{Timeout: 10 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, Protocols: protocols, DisableCompression: true,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute,
	}
}

func (a *access) config(endpoints, clusterID string) (etcd.Config, error) {
	config := etcd.Config{Endpoints: strings.Split(endpoints, ","), ClusterID: clusterID, AttemptTimeout: a.attempt}
	var err error
	if config.Username = a.user; a.user != "" {
		if config.Password, err = password(a.passwordFile, "ETCD2_PASSWORD"); err != nil {
			return config, err
		}
	}
	if a.tls != (etcd.TLSFiles{}) {
		config.TLS, err = a.tls.Config()
	}
	return config, err
}

func newClient(config etcd.Config) (*etcd.Client, error) {
	client, err := etcd.New(config)
	if err != nil {
		return nil, usageError{err}
	}
	return client, nil
}

// reached returns the highest etcd index that an endpoint is at, so that a member that lags is found out. An endpoint
// that does not answer within a few seconds does not count.
func (a *access) reached(ctx context.Context, endpoints, root string, s streams) uint64 {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	list := strings.Split(endpoints, ",")
	indexes, errs := make([]uint64, len(list)), make([]error, len(list))
	var members sync.WaitGroup
	for i, endpoint := range list {
		members.Go(func() { indexes[i], errs[i] = a.index(ctx, endpoint, root) })
	}
	members.Wait()
	var most uint64
	for i, index := range indexes {
		if errs[i] != nil {
			s.warn("%v; the others are asked", errs[i])
		}
		most = max(most, index)
	}
	return most
}

func (a *access) index(ctx context.Context, endpoint, root string) (uint64, error) {
	client, err := a.reader(endpoint, etcd.AnyCluster, false)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	// The answer for a key that does not exist has the index, too, and is short.
	resp, err := client.Get(ctx, strings.TrimSuffix(root, "/")+"/_etcd2-index")
	var refusal *etcd.Error
	switch {
	case err == nil:
		return resp.Index, nil
	case errors.As(err, &refusal) && refusal.Index > 0:
		return refusal.Index, nil
	}
	return 0, fmt.Errorf("%s does not tell its index: %w", endpoint, err)
}
