package etcdtest

import (
	"net/url"
	"os"
	"sync"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// An embedded server is etcd 3.5 inside this process, behind two relays.
type embedded struct {
	etcd    *embed.Etcd
	clients *relay
	peers   *relay
	log     *os.File
	once    sync.Once
	done    chan struct{}
}

// startEmbedded starts etcd in this process.
func startEmbedded(s *spec) (_ server, err error) {
	e := &embedded{done: make(chan struct{})}
	defer func() {
		if err != nil {
			e.release()
		}
	}()
	if e.log, err = os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if e.clients, err = listenRelay(s.clientAddr); err != nil {
		return nil, err
	}
	if e.peers, err = listenRelay(s.peerAddr); err != nil {
		return nil, err
	}
	if e.etcd, err = embed.StartEtcd(embedConfig(s, e.log)); err != nil {
		return nil, err
	}
	e.clients.serve(e.etcd.Clients[0].Addr().String())
	e.peers.serve(e.etcd.Peers[0].Addr().String())
	return e, nil
}

func embedConfig(s *spec, log *os.File) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name = s.name
	cfg.Dir = s.dataDir
	cfg.EnableV2 = !s.withoutV2
	cfg.UnsafeNoFsync = true // a test's data need not outlive the machine
	cfg.TickMs = uint(s.heartbeat.Milliseconds())
	cfg.ElectionMs = uint(s.election.Milliseconds())
	cfg.InitialCluster = s.initialCluster
	cfg.EnableGRPCGateway = false // it would dial the server
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: anyPort}}
	cfg.ListenClientUrls = []url.URL{{Scheme: s.scheme(), Host: anyPort}}
	cfg.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: s.peerAddr}}
	cfg.AdvertiseClientUrls = []url.URL{{Scheme: s.scheme(), Host: s.clientAddr}}
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(warnings(log))
	if s.joins {
		cfg.ClusterState = embed.ClusterStateFlagExisting
	}
	if s.snapshots > 0 {
		cfg.SnapshotCount = uint64(s.snapshots)
	}
	if s.serverCert != nil {
		cfg.ClientTLSInfo.CertFile = s.serverCert.CertFile
		cfg.ClientTLSInfo.KeyFile = s.serverCert.KeyFile
	}
	if s.clientCAFile != "" {
		cfg.ClientTLSInfo.TrustedCAFile = s.clientCAFile
		cfg.ClientTLSInfo.ClientCertAuth = true
	}
	return cfg
}

// warnings logs to file, from level warning on.
func warnings(file *os.File) *zap.Logger {
	encoder := zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(file), zap.WarnLevel))
}

// stop cuts the clients, hands leadership over if the server has it, and shuts it down.
func (e *embedded) stop() error {
	e.once.Do(func() {
		e.clients.close()
		e.etcd.Server.Stop()
		e.close()
	})
	return nil
}

// kill cuts everybody before the server can say a word, and shuts it down.
func (e *embedded) kill() error {
	e.once.Do(func() {
		e.clients.close()
		e.peers.close()
		e.etcd.Server.HardStop()
		e.close()
	})
	return nil
}

// close must run once only: embed panics the second time.
func (e *embedded) close() {
	e.peers.close() // first, or embed waits a second for the peers' streams to end
	e.etcd.Close()
	e.release()
	close(e.done)
}

// release frees what was taken besides the server, as far as start came.
func (e *embedded) release() {
	e.clients.close()
	e.peers.close()
	e.log.Close()
}

func (e *embedded) freeze() error { return ErrNotProcess }

func (e *embedded) thaw() error { return ErrNotProcess }

func (e *embedded) exited() <-chan struct{} { return e.done }
