package program

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/validator"
)

// A test of a program that checks its traffic, through connections that can be broken.
func TestProgram(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	spec, err := validator.Load(api.Spec())
	if err != nil {
		t.Fatal(err)
	}
	var found []validator.Finding
	transport := &validator.Transport{Spec: spec, Report: func(f validator.Finding) { found = append(found, f) }}
	link := faultlink.New(t, faultproxy.New(t, server.URL).URL())
	resp, err := (&http.Client{Transport: transport}).Get(link.URL() + "/v2/nothing")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if len(found) != 1 {
		t.Errorf("found %v", found)
	}
}
