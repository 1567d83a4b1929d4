// Package embedded runs the members of an etcdtest cluster inside the test process.
package embedded

import (
	"net/url"
	"os"
	"sync"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Etcd makes each member of the cluster an etcd 3.5, [etcdtest.Etcd35], inside the test process.
//
//	cluster := etcdtest.Start(t, embedded.Etcd(), etcdtest.WithMembers(3))
func Etcd() etcdtest.Option { return etcdtest.WithStarter(start) }

// A server is etcd 3.5 inside this process, behind two relays.
type server struct {
	etcd    *embed.Etcd
	clients *relay
	peers   *relay
	log     *os.File
	once    sync.Once
	done    chan struct{}
}

// start starts etcd in this process.
func start(s *launch.Spec) (_ launch.Server, err error) {
	e := &server{done: make(chan struct{})}
	defer func() {
		if err != nil {
			e.release()
		}
	}()
	if e.log, err = os.OpenFile(s.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if e.clients, err = listenRelay(s.ClientAddr); err != nil {
		return nil, err
	}
	if e.peers, err = listenRelay(s.PeerAddr); err != nil {
		return nil, err
	}
	if e.etcd, err = embed.StartEtcd(embedConfig(s, e.log)); err != nil {
		return nil, err
	}
	e.clients.serve(e.etcd.Clients[0].Addr().String())
	e.peers.serve(e.etcd.Peers[0].Addr().String())
	go e.watch()
	return e, nil
}

// watch frees the ports when the server ends by itself, as one does that a client removed from the cluster.
func (e *server) watch() {
	<-e.etcd.Server.StopNotify()
	_ = e.Kill() // never fails
}

func embedConfig(s *launch.Spec, log *os.File) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name = s.Name
	cfg.Dir = s.DataDir
	cfg.EnableV2 = !s.WithoutV2
	cfg.UnsafeNoFsync = true // a test's data need not outlive the machine
	cfg.TickMs = uint(s.Heartbeat.Milliseconds())
	cfg.ElectionMs = uint(s.Election.Milliseconds())
	cfg.InitialCluster = s.InitialCluster
	cfg.InitialClusterToken = s.Token
	cfg.EnableGRPCGateway = false // it would dial the server
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: anyPort}}
	cfg.ListenClientUrls = []url.URL{{Scheme: s.Scheme(), Host: anyPort}}
	cfg.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: s.PeerAddr}}
	cfg.AdvertiseClientUrls = []url.URL{{Scheme: s.Scheme(), Host: s.ClientAddr}}
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(warnings(log))
	if s.Joins {
		cfg.ClusterState = embed.ClusterStateFlagExisting
	}
	if s.Snapshots > 0 {
		cfg.SnapshotCount = uint64(s.Snapshots)
	}
	if s.CertFile != "" {
		cfg.ClientTLSInfo.CertFile = s.CertFile
		cfg.ClientTLSInfo.KeyFile = s.KeyFile
	}
	if s.ClientCAFile != "" {
		cfg.ClientTLSInfo.TrustedCAFile = s.ClientCAFile
		cfg.ClientTLSInfo.ClientCertAuth = true
	}
	return cfg
}

// warnings logs to file, from level warning on. What ends the whole process, such as a full disk, goes to the standard
// error as well: nobody would see the file then.
func warnings(file *os.File) *zap.Logger {
	encoder := zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())
	return zap.New(zapcore.NewTee(
		zapcore.NewCore(encoder, zapcore.Lock(file), zap.WarnLevel),
		zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), zap.PanicLevel),
	))
}

// Stop cuts the clients, hands leadership over if the server has it, and shuts it down.
func (e *server) Stop() error {
	e.once.Do(func() {
		e.clients.close()
		e.etcd.Server.Stop()
		e.close()
	})
	return nil
}

// Kill cuts everybody before the server can say a word, and shuts it down.
func (e *server) Kill() error {
	e.once.Do(func() {
		e.clients.close()
		e.peers.close()
		e.etcd.Server.HardStop()
		e.close()
	})
	return nil
}

// close must run once only: embed panics the second time.
func (e *server) close() {
	e.peers.close() // first, or embed waits a second for the peers' streams to end
	e.etcd.Close()
	e.release()
	close(e.done)
}

// release frees what was taken besides the server, as far as start came.
func (e *server) release() {
	e.clients.close()
	e.peers.close()
	e.log.Close()
}

func (e *server) Freeze() error { return etcdtest.ErrNotProcess }

func (e *server) Thaw() error { return etcdtest.ErrNotProcess }

func (e *server) Exited() <-chan struct{} { return e.done }
