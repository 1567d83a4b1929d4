package etcdtest_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

func TestTLS(t *testing.T) {
	ca := etcdtest.NewCA(t)
	endpoint := etcdtest.Start(t, etcdtest.WithTLS(ca)).Endpoints()[0]
	client := tlsClient(t, &tls.Config{RootCAs: ca.Pool()})
	suite.Put(t, client, endpoint, "/a", "1")
	suite.WantValue(t, client, endpoint, "/a", "1")

	stranger := tlsClient(t, &tls.Config{RootCAs: etcdtest.NewCA(t).Pool()})
	if _, err := suite.Get(t.Context(), stranger, endpoint, "/a"); err == nil {
		t.Fatal("a client that trusts another CA was content")
	}
}

func TestClientCertAuth(t *testing.T) {
	binaries := map[string][]etcdtest.Option{
		"2.0.5":  {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd20))},
		"2.3.8":  {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23))},
		"3.3.27": {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd33))},
		"3.5.35": {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd35))},
	}
	for name, opts := range binaries {
		t.Run(name, func(t *testing.T) {
			ca := etcdtest.NewCA(t)
			cluster := etcdtest.Start(t, append(opts, etcdtest.WithMembers(3), etcdtest.WithClientCertAuth(ca))...)
			endpoint := suite.Leader(t, cluster).URL()

			cert := ca.ClientCert("someone")
			pair, err := tls.LoadX509KeyPair(cert.CertFile, cert.KeyFile)
			if err != nil {
				t.Fatal(err)
			}
			known := tlsClient(t, &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{pair}})
			suite.Put(t, known, endpoint, "/a", "1")
			suite.WantValue(t, known, endpoint, "/a", "1")

			unknown := tlsClient(t, &tls.Config{RootCAs: ca.Pool()})
			if _, err := suite.Get(t.Context(), unknown, endpoint, "/a"); err == nil {
				t.Fatal("a client without a certificate was served")
			}
		})
	}
}

func tlsClient(t *testing.T, cfg *tls.Config) *http.Client {
	t.Helper()
	client := suite.NewClient(t)
	client.Transport.(*http.Transport).TLSClientConfig = cfg
	return client
}
