package etcd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// identity is a certificate that signs itself, good for a server at 127.0.0.1 and for a client.
type identity struct{ cert, key []byte }

func newIdentity(t *testing.T) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return identity{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}
}

func pemFile(t *testing.T, name string, parts ...[]byte) string {
	t.Helper()
	var content []byte
	for _, part := range parts {
		content = append(content, part...)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTLSFilesRefuses(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	cert, key, otherKey := pemFile(t, "cert", id.cert), pemFile(t, "key", id.key), pemFile(t, "other", other.key)
	junk := pemFile(t, "junk", []byte("no PEM here"))
	missing := filepath.Join(t.TempDir(), "missing")
	tests := []struct {
		name  string
		files TLSFiles
		want  error // nil where any will do
	}{
		{"missing authorities", TLSFiles{CA: missing}, fs.ErrNotExist},
		{"authorities without a certificate", TLSFiles{CA: junk}, ErrInvalidArgument},
		{"authorities that are a key", TLSFiles{CA: key}, ErrInvalidArgument},
		{"key without a certificate", TLSFiles{Key: key}, ErrInvalidArgument},
		{"missing certificate", TLSFiles{Cert: missing, Key: key}, fs.ErrNotExist},
		{"missing key", TLSFiles{Cert: cert, Key: missing}, fs.ErrNotExist},
		{"certificate without PEM", TLSFiles{Cert: junk, Key: key}, nil},
		{"certificate file that should hold the key too", TLSFiles{Cert: cert}, nil},
		{"another certificate's key", TLSFiles{Cert: cert, Key: otherKey}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config, err := test.files.Config()
			if err == nil || config != nil {
				t.Fatalf("accepted: %v", config)
			}
			if test.want != nil {
				checkIs(t, err, test.want)
			}
		})
	}
}

func TestTLSFilesOfNothingAreGosDefaults(t *testing.T) {
	config, err := TLSFiles{}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if config.RootCAs != nil || config.Certificates != nil || config.InsecureSkipVerify || config.MinVersion != tls.VersionTLS12 {
		t.Errorf("configuration is %+v", config)
	}
}

// mutualTLS is a server that wants a client certificate, and shows the same one itself.
func mutualTLS(t *testing.T, id identity) *httptest.Server {
	t.Helper()
	cert, err := tls.X509KeyPair(id.cert, id.key)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(id.cert)
	s := httptest.NewUnstartedServer(file("get", "/k", "v", 3))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestTLSFilesSpeakMutualTLS(t *testing.T) {
	id := newIdentity(t)
	s := mutualTLS(t, id)
	ca, cert, key := pemFile(t, "ca", id.cert), pemFile(t, "cert", id.cert), pemFile(t, "key", id.key)
	for name, files := range map[string]TLSFiles{
		"key of its own":      {CA: ca, Cert: cert, Key: key},
		"key beside the cert": {CA: ca, Cert: pemFile(t, "both", id.cert, id.key)},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := files.Config()
			if err != nil {
				t.Fatal(err)
			}
			client := connectWith(t, Config{Endpoints: []string{s.URL}, TLS: config})
			if resp, err := client.Get(t.Context(), "/k"); err != nil || resp.Node.Value != "v" {
				t.Errorf("got %v, %v", resp, err)
			}
		})
	}
}

func TestServerOfAnUnknownAuthorityIsRefused(t *testing.T) {
	s := mutualTLS(t, newIdentity(t))
	config, err := TLSFiles{CA: pemFile(t, "ca", newIdentity(t).cert)}.Config()
	if err != nil {
		t.Fatal(err)
	}
	_, err = connectWith(t, Config{Endpoints: []string{s.URL}, TLS: config}).Set(t.Context(), "/k", "v")
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("error is %v", err)
	}
	// The handshake comes before the request: nothing can have been written.
	checkNot(t, err, ErrOutcomeUnknown)
}

// A callback of the caller's may return anything, also what another client has answered.
func TestErrorOfATLSCallbackIsNoAnswer(t *testing.T) {
	s := mutualTLS(t, newIdentity(t))
	for _, said := range []error{ErrClosed, ErrNotSupported, ErrKeyNotFound, &Error{Code: ErrKeyNotFound, StatusCode: 404}} {
		config := &tls.Config{
			MinVersion: tls.VersionTLS12, InsecureSkipVerify: true,
			VerifyConnection: func(tls.ConnectionState) error { return said },
		}
		exists, err := connectWith(t, Config{Endpoints: []string{s.URL}, TLS: config}).Exists(t.Context(), "/k")
		checkNot(t, err, ErrClosed, ErrNotSupported, ErrKeyNotFound)
		check(t, "result and status", []any{exists, status(err)}, []any{false, 0})
		check(t, "retryable", Retryable(err), true)
	}
}

// shown makes a server that takes every client's certificate and keeps which ones it was
// shown. Each call needs a connection of its own.
func shown(t *testing.T, server identity) (*httptest.Server, func() [][]byte) {
	t.Helper()
	s := mutualTLS(t, server)
	s.TLS.ClientAuth = tls.RequireAnyClientCert
	var mu sync.Mutex
	var certs [][]byte
	s.Config.SetKeepAlivesEnabled(false)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		certs = append(certs, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.TLS.PeerCertificates[0].Raw}))
		mu.Unlock()
		file("get", "/k", "v", 3)(w, r)
	})
	return s, func() [][]byte {
		mu.Lock()
		defer mu.Unlock()
		return certs
	}
}

// replace puts content in place of what is in the file at path.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Certificates are renewed in their files, while clients run.
func TestCertificateAndKeyAreReadAgainForEachConnection(t *testing.T) {
	server, first, second := newIdentity(t), newIdentity(t), newIdentity(t)
	s, certs := shown(t, server)
	files := TLSFiles{CA: pemFile(t, "ca", server.cert), Cert: pemFile(t, "cert", first.cert), Key: pemFile(t, "key", first.key)}
	config, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	client := connectWith(t, Config{Endpoints: []string{s.URL}, TLS: config})
	get := func() error {
		_, err := client.Get(t.Context(), "/k")
		return err
	}
	check(t, "error", get(), error(nil))
	replace(t, files.Cert, second.cert)
	replace(t, files.Key, second.key)
	check(t, "error", get(), error(nil))
	check(t, "certificates", certs(), [][]byte{first.cert, second.cert})

	// A pair that does not fit, as between the writing of the two files, is a failure of the
	// handshake: nothing can have been written.
	replace(t, files.Key, first.key)
	_, err = client.Set(t.Context(), "/k", "v")
	checkNot(t, err, ErrOutcomeUnknown)
	check(t, "requests", len(certs()), 2)
	replace(t, files.Key, second.key)
	check(t, "error once they fit", get(), error(nil))
}
