package etcdtest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// setTempo chooses short times, so that a new leader is there soon. Several members must
// not lose their leader because they share two busy cores with a test; a single one has
// none to lose.
func setTempo(s *launch.Spec, members int) {
	s.Heartbeat, s.Election = 50*time.Millisecond, 500*time.Millisecond
	if members == 1 {
		s.Heartbeat, s.Election = 10*time.Millisecond, 100*time.Millisecond
	}
}

// prepare makes what the members need before the first start: a directory, ports,
// certificates and the members themselves.
func (c *Cluster) prepare(ctx context.Context) (err error) {
	if c.dir, err = newWorkDir(os.TempDir()); err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	c.http = &http.Client{Transport: transport}
	start, err := c.cfg.starter(ctx) // before anything asks whether the members have the v2 API
	if err != nil {
		return err
	}
	base := launch.Spec{Token: newToken(), Snapshots: c.cfg.snapshots, WithoutV2: c.cfg.withoutV2}
	setTempo(&base, c.cfg.members)
	if c.cfg.ca != nil {
		if err := c.prepareTLS(&base, transport); err != nil {
			return err
		}
	}
	var peers, urls []string
	for i := range c.cfg.members {
		m, err := c.prepareMember(i, base)
		if err != nil {
			return err
		}
		m.launch = start
		peers = append(peers, m.Name()+"="+m.PeerURL())
		urls = append(urls, m.PeerURL())
		c.members = append(c.members, m)
	}
	c.id = clusterID(base.Token, urls)
	for _, m := range c.members {
		m.spec.InitialCluster = strings.Join(peers, ",")
	}
	return nil
}

// prepareTLS issues the certificates: one for all members, one for this package's
// own requests.
func (c *Cluster) prepareTLS(base *launch.Spec, transport *http.Transport) error {
	ca := c.cfg.ca
	server, err := ca.issue(c.dir.path, serverTemplate())
	if err != nil {
		return err
	}
	base.CertFile, base.KeyFile = server.CertFile, server.KeyFile
	transport.TLSClientConfig = &tls.Config{RootCAs: ca.Pool()}
	if !c.cfg.clientCert {
		return nil
	}
	base.ClientCAFile = ca.File()
	client, err := ca.issue(c.dir.path, clientTemplate("etcdtest"))
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(client.CertFile, client.KeyFile)
	transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	return err
}

func (c *Cluster) prepareMember(i int, s launch.Spec) (*Member, error) {
	s.Name = fmt.Sprintf("m%d", i+1)
	s.DataDir = filepath.Join(c.dir.path, s.Name)
	s.LogFile = filepath.Join(c.dir.path, s.Name+".log")
	var err error
	if s.PeerAddr, err = c.reserveAddr(); err != nil {
		return nil, err
	}
	s.ClientAddr = c.cfg.clientAddr
	if i > 0 || s.ClientAddr == "" {
		s.ClientAddr, err = c.reserveAddr()
	}
	return &Member{spec: s, cluster: c}, err
}

// reserveAddr returns an address that is the cluster's until Close.
func (c *Cluster) reserveAddr() (string, error) {
	port, err := reservePort()
	if err != nil {
		return "", err
	}
	c.ports = append(c.ports, port)
	return loopback(port), nil
}
