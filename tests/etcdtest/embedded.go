package etcdtest

import (
	"net/url"
	"os"
	"sync"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// An embedded server is etcd 3.5 inside this process.
type embedded struct {
	etcd  *embed.Etcd
	relay *relay
	log   *os.File
	once  sync.Once
	done  chan struct{}
}

// startEmbedded starts s as a server in this process. It returns before the server is ready.
func startEmbedded(s *spec) (server, error) {
	log, err := os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	r := &relay{addr: s.clientAddr}
	if err := r.listen(); err != nil {
		log.Close()
		return nil, err
	}
	etcd, err := embed.StartEtcd(embedConfig(s, log))
	if err != nil {
		r.close()
		log.Close()
		return nil, err
	}
	r.serve(etcd.Clients[0].Addr().String())
	return &embedded{etcd: etcd, relay: r, log: log, done: make(chan struct{})}, nil
}

func embedConfig(s *spec, log *os.File) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name = s.name
	cfg.Dir = s.dataDir
	cfg.EnableV2 = true
	cfg.UnsafeNoFsync = true // a test's data need not outlive the machine
	cfg.TickMs = uint(heartbeat.Milliseconds())
	cfg.ElectionMs = uint(election.Milliseconds())
	cfg.InitialCluster = s.initialCluster
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: s.peerAddr}}
	cfg.AdvertisePeerUrls = cfg.ListenPeerUrls
	cfg.ListenClientUrls = []url.URL{{Scheme: s.scheme(), Host: "127.0.0.1:0"}}
	cfg.AdvertiseClientUrls = []url.URL{{Scheme: s.scheme(), Host: s.clientAddr}}
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(warnings(log))
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
	encoder := zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(file), zap.WarnLevel))
}

// stop hands leadership over, if the server has it, and shuts the server down.
func (e *embedded) stop() error {
	e.once.Do(e.close)
	return nil
}

// kill shuts the server down without a word to the other members.
func (e *embedded) kill() error {
	e.once.Do(func() {
		e.relay.close()
		e.etcd.Server.HardStop()
		e.close()
	})
	return nil
}

// close must run once only: embed panics the second time.
func (e *embedded) close() {
	e.relay.close()
	e.etcd.Close()
	e.log.Close()
	close(e.done)
}

func (e *embedded) freeze() error { return ErrNotProcess }

func (e *embedded) thaw() error { return ErrNotProcess }

func (e *embedded) exited() <-chan struct{} { return e.done }
