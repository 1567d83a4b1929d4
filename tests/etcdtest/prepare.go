package etcdtest

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// spec is all that a member is started from, the same each time.
type spec struct {
	name           string
	dataDir        string
	logFile        string
	clientAddr     string // host:port
	peerAddr       string // host:port
	heartbeat      time.Duration
	election       time.Duration
	initialCluster string // "m1=http://…,m2=http://…"
	joins          bool   // a cluster that runs already, at its first start
	serverCert     *Cert  // nil without TLS
	snapshots      int    // writes between two snapshots, 0 for etcd's default
	withoutV2      bool
	clientCAFile   string // of the clients' certificates, "" if none are asked for
}

// setTempo chooses short times, so that a new leader is there soon. Several members must
// not lose their leader because they share two busy cores with a test; a single one has
// none to lose.
func (s *spec) setTempo(members int) {
	s.heartbeat, s.election = 50*time.Millisecond, 500*time.Millisecond
	if members == 1 {
		s.heartbeat, s.election = 10*time.Millisecond, 100*time.Millisecond
	}
}

func (s *spec) scheme() string {
	if s.serverCert != nil {
		return "https"
	}
	return "http"
}

// prepare makes what the members need before the first start: a directory, ports,
// certificates and the members themselves.
func (c *Cluster) prepare() (err error) {
	if c.dir, err = os.MkdirTemp("", "etcdtest-"); err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	c.http = &http.Client{Transport: transport}
	base := spec{snapshots: c.cfg.snapshots, withoutV2: c.cfg.withoutV2}
	base.setTempo(c.cfg.members)
	if c.cfg.ca != nil {
		if err := c.prepareTLS(&base, transport); err != nil {
			return err
		}
	}
	launch, err := c.cfg.launcher()
	if err != nil {
		return err
	}
	var peers []string
	for i := range c.cfg.members {
		m, err := c.prepareMember(i, base)
		if err != nil {
			return err
		}
		m.launch = launch
		peers = append(peers, m.spec.name+"=http://"+m.spec.peerAddr)
		c.members = append(c.members, m)
	}
	for _, m := range c.members {
		m.spec.initialCluster = strings.Join(peers, ",")
	}
	return nil
}

// prepareTLS issues the certificates: one for all members, one for this package's
// own requests.
func (c *Cluster) prepareTLS(base *spec, transport *http.Transport) error {
	ca := c.cfg.ca
	server, err := ca.issue(c.dir, serverTemplate())
	if err != nil {
		return err
	}
	base.serverCert = &server
	transport.TLSClientConfig = &tls.Config{RootCAs: ca.Pool()}
	if !c.cfg.clientCert {
		return nil
	}
	base.clientCAFile = ca.File()
	client, err := ca.issue(c.dir, clientTemplate("etcdtest"))
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(client.CertFile, client.KeyFile)
	transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	return err
}

func (c *Cluster) prepareMember(i int, s spec) (*Member, error) {
	s.name = fmt.Sprintf("m%d", i+1)
	s.dataDir = filepath.Join(c.dir, s.name)
	s.logFile = filepath.Join(c.dir, s.name+".log")
	var err error
	if s.peerAddr, err = c.reserveAddr(); err != nil {
		return nil, err
	}
	s.clientAddr = c.cfg.clientAddr
	if i > 0 || s.clientAddr == "" {
		s.clientAddr, err = c.reserveAddr()
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
