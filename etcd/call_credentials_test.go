package etcd

import (
	"net/http"
	"slices"
	"strings"
	"sync"
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

// basicAuth returns the credentials in each of the headers, as "user:password", or "none".
func basicAuth(headers []http.Header) []string {
	var all []string
	for _, header := range headers {
		shown := "none"
		if user, password, ok := (&http.Request{Header: header}).BasicAuth(); ok {
			shown = user + ":" + password
		}
		all = append(all, shown)
	}
	return all
}

func TestSetCredentialsIsForAllLaterCalls(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connectWith(t, Config{Endpoints: []string{s.url}, Username: "root", Password: "old"})
	for _, next := range [][2]string{{"root", "new"}, {"alice", ""}, {"", ""}, {"root", "a:b"}} {
		check(t, "error", client.SetCredentials(next[0], next[1]), error(nil))
		want := next[0] + ":" + next[1]
		if next[0] == "" {
			want = "none"
		}
		before := len(s.got())
		for name, do := range every {
			if !strings.HasPrefix(name, "Watch") { // ends only with an event behind the present
				_ = do(t.Context(), client) // what it makes of the answer does not matter here
			}
		}
		shown := basicAuth(s.headers[before:])
		check(t, "credentials", slices.Compact(shown), []string{want})
	}
}

func TestSetCredentialsRefusesWhatNewRefuses(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connectWith(t, Config{Endpoints: []string{s.url}, Username: "root", Password: "old"})
	for _, bad := range [][2]string{{"", secret}, {"a:b", secret}, {"root:" + secret, ""}} {
		err := client.SetCredentials(bad[0], bad[1])
		_, asNew := New(Config{Endpoints: []string{s.url}, Username: bad[0], Password: bad[1]})
		checkIs(t, err, ErrInvalidArgument)
		check(t, "text", err.Error(), asNew.Error())
		if strings.Contains(err.Error(), secret) {
			t.Errorf("error is %v", err)
		}
		_, _ = client.Get(t.Context(), "/k")
	}
	check(t, "credentials", slices.Compact(basicAuth(s.headers)), []string{"root:old"})
}

// Each request carries credentials that belong together.
func TestSetCredentialsBesideCalls(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3))
	client := connectWith(t, Config{Endpoints: []string{s.url}, Username: "a", Password: "a"})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for range 50 {
				if _, err := client.Get(t.Context(), "/k"); err != nil {
					t.Error(err)
				}
			}
		})
		calls.Go(func() {
			for i := range 50 {
				name := string(rune('a' + i%2))
				if err := client.SetCredentials(name, name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	for _, shown := range basicAuth(s.headers) {
		if shown != "a:a" && shown != "b:b" {
			t.Errorf("a request carries %s", shown)
		}
	}
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
