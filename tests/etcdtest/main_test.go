package etcdtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
		return
	}
	etcdtest.VerifyNoLeaks(m)
}

// put sets a key by plain HTTP.
func put(t *testing.T, c *http.Client, endpoint, key, value string) {
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

// get reads a key's value by plain HTTP.
func get(ctx context.Context, c *http.Client, endpoint, key string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/v2/keys"+key, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s at %s: %s", key, endpoint, resp.Status)
	}
	var reply struct{ Node struct{ Value string } }
	err = json.Unmarshal(body, &reply)
	return reply.Node.Value, err
}

func wantValue(t *testing.T, c *http.Client, endpoint, key, want string) {
	t.Helper()
	got, err := get(t.Context(), c, endpoint, key)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("GET %s at %s: %q, want %q", key, endpoint, got, want)
	}
}

// watch opens a long poll, which ctx ends, and returns what its body gives in the end.
func watch(ctx context.Context, t *testing.T, c *http.Client, endpoint, key string) <-chan result {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/v2/keys"+key+"?wait=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req) // etcd sends the header at once
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan result, 1)
	go func() {
		defer resp.Body.Close()
		var r result
		r.err = json.NewDecoder(resp.Body).Decode(&r.event)
		ended <- r
	}()
	return ended
}

type result struct {
	event struct {
		Action string
		Node   struct{ Value string }
	}
	err error
}

// newHTTPClient returns a client whose connections end with the test.
func newHTTPClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// within runs do and fails if it takes longer than limit.
func within(t *testing.T, limit time.Duration, do func() error) {
	t.Helper()
	start := time.Now()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > limit {
		t.Fatalf("took %v, want at most %v", took, limit)
	}
}

// eventually waits until check succeeds.
func eventually(t *testing.T, check func() error) {
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
