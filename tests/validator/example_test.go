package validator_test

import (
	"net/http"
	"testing"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/validator"
)

// A program in Go, here the library, and any other program do what the description says.
func TestProgramKeepsToTheDescription(t *testing.T) {
	server := etcdtest.Start(t).Members()[0].URL()
	spec, err := validator.Load(api.Spec())
	if err != nil {
		t.Fatal(err)
	}
	transport := &validator.Transport{
		Base: &http.Transport{DisableKeepAlives: true}, Spec: spec, Report: func(f validator.Finding) { t.Error(f) },
	}

	client, err := etcd.New(etcd.Config{Endpoints: []string{server}, HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Set(t.Context(), "/a", "1"); err != nil {
		t.Error(err)
	}

	proxy, err := transport.Listen(server)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	another := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := another.Get(proxy.URL() + "/v2/keys?recursive=true")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}
