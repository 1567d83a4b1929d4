// Package suite tests what a member of every kind must do, and has what such tests need.
package suite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

// Put sets a key by plain HTTP.
func Put(t *testing.T, c *http.Client, endpoint, key, value string) {
	t.Helper()
	form := strings.NewReader(url.Values{"value": {value}}.Encode())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, endpoint+"/v2/keys"+key, form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil { // or the connection cannot be used again
		t.Fatal(err)
	}
	if resp.StatusCode/100 != 2 {
		t.Fatalf("PUT %s at %s: %s", key, endpoint, resp.Status)
	}
}

// Get reads a key's value by plain HTTP.
func Get(ctx context.Context, c *http.Client, endpoint, key string) (string, error) {
	body, err := fetch(ctx, c, endpoint+"/v2/keys"+key)
	if err != nil {
		return "", err
	}
	var reply struct{ Node struct{ Value string } }
	err = json.Unmarshal(body, &reply)
	return reply.Node.Value, err
}

// fetch returns the body of a 200.
func fetch(ctx context.Context, c *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return body, err
}

// WantValue fails the test if the key has another value.
func WantValue(t *testing.T, c *http.Client, endpoint, key, want string) {
	t.Helper()
	got, err := Get(t.Context(), c, endpoint, key)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("GET %s at %s: %q, want %q", key, endpoint, got, want)
	}
}

// Watch opens a long poll, which ctx ends, and returns what its body gives in the end.
func Watch(ctx context.Context, t *testing.T, c *http.Client, endpoint, key string) <-chan Result {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/v2/keys"+key+"?wait=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req) // etcd sends the header at once
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan Result, 1)
	go func() {
		defer resp.Body.Close()
		var r Result
		r.Err = json.NewDecoder(resp.Body).Decode(&r.Event)
		ended <- r
	}()
	return ended
}

// A Result is what a long poll gives in the end.
type Result struct {
	Event struct {
		Action string
		Node   struct{ Value string }
	}
	Err error
}

// NewClient returns a client whose connections end with the test.
func NewClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Within runs do and fails if it takes longer than limit.
func Within(t *testing.T, limit time.Duration, do func() error) {
	t.Helper()
	start := time.Now()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > limit {
		t.Fatalf("took %v, want at most %v", took, limit)
	}
}

// Eventually waits until check succeeds.
func Eventually(t *testing.T, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal(errors.Join(errors.New("waited in vain"), err))
		}
	}
}

// Leader returns the cluster's leader.
func Leader(t *testing.T, cluster *etcdtest.Cluster) *etcdtest.Member {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := cluster.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Refused fails the test if something listens at the endpoint.
func Refused(t *testing.T, endpoint string) {
	t.Helper()
	resp, err := NewClient(t).Get(endpoint)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("%s still answers: %v", endpoint, err)
	}
}

// ServerVersion returns the version that the first member tells.
func ServerVersion(t *testing.T, cluster *etcdtest.Cluster) string {
	t.Helper()
	resp, err := NewClient(t).Get(cluster.Endpoints()[0] + "/version")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var version struct{ Etcdserver, ReleaseVersion string } // the second before etcd 2.0.8
	if err := json.NewDecoder(resp.Body).Decode(&version); err != nil {
		t.Fatal(err)
	}
	return cmp.Or(version.Etcdserver, version.ReleaseVersion)
}
