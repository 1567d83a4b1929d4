package etcd

import (
	"net/http"
	"strings"
	"testing"
)

func TestBasicAuthIsSentUnasked(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connectWith(t, Config{Endpoints: []string{closedPort, s.url}, Username: "root", Password: "a:b ü"})
	for name, do := range every {
		if strings.HasPrefix(name, "Watch") {
			continue // ends only with an event behind the present
		}
		_ = do(t.Context(), client) // what it makes of the answer does not matter here
	}
	for i, header := range s.headers {
		user, password, ok := (&http.Request{Header: header}).BasicAuth()
		if !ok || user != "root" || password != "a:b ü" {
			t.Errorf("%s carries %q %q", s.requests[i], user, password)
		}
	}
}

func TestWithoutUsernameNoCredentialsAreSent(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	if _, err := connect(t, s.url).Get(t.Context(), "/k"); err != nil {
		t.Error(err)
	}
	check(t, "Authorization", s.headers[0].Values("Authorization"), []string(nil))
}

func TestErrorsDoNotShowThePassword(t *testing.T) {
	s := serve(t, refusing(401, ErrUnauthorized, "Insufficient credentials", 0), hangup)
	client := connectWith(t, Config{Endpoints: []string{s.url}, Username: "root", Password: secret})
	for range 2 {
		_, err := client.Set(t.Context(), "/k", "v")
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("error is %v", err)
		}
	}
}
