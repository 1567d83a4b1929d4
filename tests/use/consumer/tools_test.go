package consumer

import (
	"path/filepath"
	"testing"
)

// A program that moves to etcd's v3 client checks its v2 requests meanwhile.
func TestValidatorBesideTheV3Client(t *testing.T) {
	dir := t.TempDir()
	root, err := filepath.Abs(library)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", "module example.com/user\n\ngo 1.26.0\n")
	write(t, dir, "user_test.go", `package user

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/validator"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestBoth(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	spec, err := validator.Load(api.Spec())
	if err != nil {
		t.Fatal(err)
	}
	transport := &validator.Transport{Spec: spec, Report: func(f validator.Finding) { t.Log(f) }}
	v2, err := etcd.New(etcd.Config{
		Endpoints: []string{faultproxy.New(t, server.URL).URL()}, HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v2.Close()
	if _, err := v2.Get(t.Context(), "/a"); err == nil {
		t.Error("there is an answer")
	}
	v3, err := clientv3.New(clientv3.Config{Endpoints: []string{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	v3.Close()
}
`)
	const own = "github.com/etcdv2/client"
	for _, folder := range []string{"", "/tests/etcdtest", "/tests/faultproxy", "/tests/validator"} {
		run(t, dir, "go", "mod", "edit", "-require="+own+folder+"@v0.0.0", "-replace="+own+folder+"="+root+folder)
	}
	run(t, dir, "go", "get", "go.etcd.io/etcd/client/v3@v3.6.16")
	before := run(t, dir, "go", "list", "-m", "google.golang.org/grpc")
	run(t, dir, "go", "mod", "tidy")
	run(t, dir, "go", "test", "-count=1", ".")
	if after := run(t, dir, "go", "list", "-m", "google.golang.org/grpc"); after != before {
		t.Errorf("grpc was %s and is %s", before, after)
	}
}

// Faultproxy needs the standard library only; its links by toxiproxy are a module beside it.
func TestFaultproxyRequiresNothing(t *testing.T) {
	const module = "github.com/etcdv2/client/tests/faultproxy"
	if got := run(t, filepath.Join(library, "tests", "faultproxy"), "go", "list", "-m", "all"); got != module+"\n" {
		t.Errorf("faultproxy requires modules:\n%s", got)
	}
}
