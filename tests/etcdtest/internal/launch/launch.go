// Package launch is what package etcdtest and the modules beside it agree on: what a member is started from, and what
// a running member can be asked to do. All of them are released together, in one version.
package launch

import "time"

// A Starter starts a member's server and does not wait for it to be ready.
type Starter func(*Spec) (Server, error)

// A Server is a running etcd. After Stop and Kill it is gone.
type Server interface {
	Stop() error
	Kill() error
	Freeze() error
	Thaw() error
	Exited() <-chan struct{} // closed when the server is gone, whatever the cause
}

// A Spec is all that a member is started from, the same each time.
type Spec struct {
	Name           string
	DataDir        string
	LogFile        string
	ClientAddr     string // host:port
	PeerAddr       string // host:port
	Heartbeat      time.Duration
	Election       time.Duration
	Token          string // of the cluster
	InitialCluster string // "m1=http://…,m2=http://…"
	Joins          bool   // a running cluster, at the first start
	Snapshots      int    // writes between two snapshots, 0 for etcd's default
	WithoutV2      bool
	CertFile       string // of the server, "" without TLS
	KeyFile        string
	ClientCAFile   string // of the clients' certificates, "" if none are required
}

// Scheme returns the scheme of the URL for clients.
func (s *Spec) Scheme() string {
	if s.CertFile != "" {
		return "https"
	}
	return "http"
}

// ClientURL returns the URL for clients.
func (s *Spec) ClientURL() string { return s.Scheme() + "://" + s.ClientAddr }

// PeerURL returns the URL for the other members.
func (s *Spec) PeerURL() string { return "http://" + s.PeerAddr }
