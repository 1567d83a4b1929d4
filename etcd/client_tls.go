package etcd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/etcdv2/client/internal/errs"
)

// TLSFiles names the PEM files of a TLS configuration. Each may be empty.
type TLSFiles struct {
	CA   string // authorities that may sign the server's certificate; empty means the system's
	Cert string // the client's certificate, with its chain; empty means none is shown
	Key  string // the client certificate's private key; empty means that it is in Cert's file
}

// Config reads the files into a value for Config.TLS. It fails if a file cannot be read or has no certificate,
// or if the key does not fit the certificate. The client's certificate and key are read again for each new
// connection, so that they can be renewed in place. The authorities are read once.
func (f TLSFiles) Config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("etcd: read authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errs.Invalidf("file %s has no PEM certificate", f.CA)
		}
	}
	if f.Cert == "" {
		if f.Key != "" {
			return nil, errs.Invalidf("key file %s has no certificate file; set Cert", f.Key)
		}
		return config, nil
	}
	if _, err := f.clientCertificate(nil); err != nil {
		return nil, err
	}
	config.GetClientCertificate = f.clientCertificate
	return config, nil
}

// clientCertificate reads the certificate and its key: for each new connection, so that files which are
// replaced before they run out need no new client.
func (f TLSFiles) clientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	key := f.Key
	if key == "" {
		key = f.Cert
	}
	cert, err := tls.LoadX509KeyPair(f.Cert, key)
	if err != nil {
		return nil, fmt.Errorf("etcd: read client certificate: %w", err)
	}
	return &cert, nil
}
