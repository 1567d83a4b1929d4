package cluster_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestTLSWithClientCertificates(t *testing.T) {
	ca, stranger := etcdtest.NewCA(t), etcdtest.NewCA(t)
	cluster := etcdtest.Start(t, etcdtest.WithTLS(ca), etcdtest.WithClientCertAuth(ca))
	cert := ca.ClientCert("tester")
	for name, test := range map[string]struct {
		files etcd.TLSFiles
		fails string // a part of the error's text; empty where it has to work
	}{
		"all right":          {etcd.TLSFiles{CA: ca.File(), Cert: cert.CertFile, Key: cert.KeyFile}, ""},
		"unknown authority":  {etcd.TLSFiles{CA: stranger.File(), Cert: cert.CertFile, Key: cert.KeyFile}, "unknown authority"},
		"no certificate":     {etcd.TLSFiles{CA: ca.File()}, "certificate required"},
		"system authorities": {etcd.TLSFiles{Cert: cert.CertFile, Key: cert.KeyFile}, "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := test.files.Config()
			if err != nil {
				t.Fatal(err)
			}
			client, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints(), TLS: config})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.Set(t.Context(), "/a", "1")
			switch {
			case test.fails == "" && err != nil:
				t.Error(err)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("got %v, want %q", err, test.fails)
			case errors.Is(err, etcd.ErrOutcomeUnknown):
				t.Errorf("%v is reported as unknown", err)
			}
		})
	}
}

// A certificate that is renewed in its place is used from the next connection on.
func TestClientCertificateIsReadAgain(t *testing.T) {
	ca, stranger := etcdtest.NewCA(t), etcdtest.NewCA(t)
	cluster := etcdtest.Start(t, etcdtest.WithTLS(ca), etcdtest.WithClientCertAuth(ca))
	files := etcd.TLSFiles{CA: ca.File(), Cert: filepath.Join(t.TempDir(), "cert.pem"), Key: filepath.Join(t.TempDir(), "key.pem")}
	install(t, files, stranger.ClientCert("outdated"))
	config, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	client := live.Connect(t, etcd.Config{Endpoints: cluster.Endpoints(), TLS: config})
	if _, err := client.Set(t.Context(), "/a", "1"); err == nil || errors.Is(err, etcd.ErrOutcomeUnknown) {
		t.Errorf("with a certificate of another authority: %v", err)
	}
	install(t, files, ca.ClientCert("renewed"))
	must(t)(client.Set(t.Context(), "/a", "1"))
}

// install puts a certificate where files has it.
func install(t *testing.T, files etcd.TLSFiles, cert etcdtest.Cert) {
	t.Helper()
	for to, from := range map[string]string{files.Cert: cert.CertFile, files.Key: cert.KeyFile} {
		pem, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, pem, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// With auth on and the guest role revoked, who has no credentials or others' is told so.
func TestBasicAuth(t *testing.T) {
	for name, options := range map[string][]etcdtest.Option{
		"3.5":   nil,
		"2.3.8": {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23))},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := etcdtest.Start(t, options...)
			endpoint := cluster.Endpoints()[0]
			admin(t, endpoint, "PUT", "/v2/auth/users/root", `{"user":"root","password":"secret:1"}`)
			admin(t, endpoint, "PUT", "/v2/auth/enable", "")
			admin(t, endpoint, "PUT", "/v2/auth/roles/guest",
				`{"role":"guest","revoke":{"kv":{"read":["/*"],"write":["/*"]}}}`)
			admin(t, endpoint, "PUT", "/v2/auth/roles/b", `{"role":"b","permissions":{"kv":{"read":["/b/*"],"write":["/b/*"]}}}`)
			admin(t, endpoint, "PUT", "/v2/auth/users/limited", `{"user":"limited","password":"x","roles":["b"]}`)
			limited := live.Connect(t, etcd.Config{Endpoints: []string{endpoint}, Username: "limited", Password: "x"})
			must(t)(limited.Set(t.Context(), "/b/own", "1"))
			for _, test := range []struct {
				user, password string
				works          bool
			}{{"root", "secret:1", true}, {"root", "wrong", false}, {"", "", false}, {"nobody", "x", false}, {"limited", "x", false}} {
				client, err := etcd.New(etcd.Config{Endpoints: []string{endpoint}, Username: test.user, Password: test.password})
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				_, err = client.Set(t.Context(), "/a", "1")
				switch {
				case test.works && err != nil:
					t.Error(err)
				case !test.works && !errors.Is(err, etcd.ErrUnauthorized):
					t.Errorf("%q, %q: %v", test.user, test.password, err)
				}
				if _, err = client.Exists(t.Context(), "/a"); test.works != (err == nil) {
					t.Errorf("%q, %q: exists: %v", test.user, test.password, err)
				}
			}
		})
	}
}

// admin sends a request of the auth API as root until it is accepted: in its first moments a
// cluster does not know its version, and etcd 2.3 refuses until it does.
func admin(t *testing.T, endpoint, method, path, body string) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	live.Eventually(t, method+" "+path+" is accepted", func() bool {
		req, err := http.NewRequestWithContext(t.Context(), method, endpoint+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("root", "secret:1")
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode < 300
	})
}
