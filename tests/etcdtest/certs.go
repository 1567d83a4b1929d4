package etcdtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A CA is a certificate authority made for one test. Its certificates are valid for
// a day. Use [NewCA]; the zero value is of no use.
type CA struct {
	tb   testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A Cert is a certificate and its key, as PEM files.
type Cert struct {
	CertFile string
	KeyFile  string
}

// NewCA makes a certificate authority. Its files, and those of the certificates that
// it issues, are removed when the test ends.
func NewCA(tb testing.TB) *CA {
	tb.Helper()
	dir, err := newWorkDir(os.TempDir())
	if err != nil {
		tb.Fatalf("etcdtest: make a certificate authority: %v", err)
	}
	tb.Cleanup(func() {
		if err := dir.remove(); err != nil {
			tb.Error(err)
		}
	})
	ca := &CA{tb: tb, dir: dir.path}
	if err := ca.selfSign(); err != nil {
		tb.Fatalf("etcdtest: make a certificate authority: %v", err)
	}
	return ca
}

// File returns the path of the authority's own certificate, for clients that are to
// trust it.
func (ca *CA) File() string { return filepath.Join(ca.dir, "ca.crt") }

// Pool returns a pool that holds the authority's own certificate only.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// ServerCert issues a certificate for servers on 127.0.0.1 and localhost. A cluster
// started [WithTLS] has one already.
func (ca *CA) ServerCert() Cert {
	ca.tb.Helper()
	return ca.mustIssue(serverTemplate())
}

// ClientCert issues a certificate by which a client shows itself as commonName.
func (ca *CA) ClientCert(commonName string) Cert {
	ca.tb.Helper()
	return ca.mustIssue(clientTemplate(commonName))
}

func (ca *CA) mustIssue(template *x509.Certificate) Cert {
	ca.tb.Helper()
	cert, err := ca.issue(ca.dir, template)
	if err != nil {
		ca.tb.Fatal(err)
	}
	return cert
}

func (ca *CA) selfSign() error {
	template := newTemplate("etcdtest CA")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	var err error
	if ca.key, err = newKey(); err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ca.key.Public(), ca.key)
	if err != nil {
		return err
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	return writePEM(ca.File(), "CERTIFICATE", der)
}

// issue signs a certificate from the template and writes it, with a new key, to dir.
func (ca *CA) issue(dir string, template *x509.Certificate) (Cert, error) {
	base := filepath.Join(dir, fmt.Sprintf("%x", template.SerialNumber))
	cert := Cert{CertFile: base + ".crt", KeyFile: base + ".key"}
	key, err := newKey()
	if err != nil {
		return cert, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return cert, fmt.Errorf("etcdtest: sign the certificate of %s: %w", template.Subject.CommonName, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return cert, err
	}
	if err := writePEM(cert.CertFile, "CERTIFICATE", der); err != nil {
		return cert, err
	}
	return cert, writePEM(cert.KeyFile, "EC PRIVATE KEY", keyDER)
}

func newTemplate(commonName string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: newSerial(),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

// serverTemplate is valid for clients, too: etcd uses its server certificate for its
// requests to itself.
func serverTemplate() *x509.Certificate {
	template := newTemplate("localhost")
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return template
}

func clientTemplate(commonName string) *x509.Certificate {
	template := newTemplate(commonName)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return template
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func newSerial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return new(big.Int).SetBytes(b)
}

func writePEM(path, blockType string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}), 0o600)
}
