package faultproxy_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// put sends one PUT and reads the whole reply.
func put(t *testing.T, endpoint, key, value string) (status int, body string, err error) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	form := strings.NewReader(url.Values{"value": {value}}.Encode())
	path := (&url.URL{Path: "/v2/keys" + key}).EscapedPath()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, endpoint+path, form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// Each fault shows the client what it says, and the write is applied exactly where it says so.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		fault   faultproxy.Fault
		applied bool
		shows   func(status int, body string, err error) bool
	}{
		{faultproxy.Fault{}, true, created},
		{faultproxy.Pass, true, created},
		{faultproxy.Delay(time.Millisecond, faultproxy.Pass), true, created},
		{faultproxy.DropRequest, false, wasReset},
		{faultproxy.DropReply, true, wasReset},
		{faultproxy.CutReply, true, func(status int, body string, err error) bool {
			return status == http.StatusCreated && body != "" && errors.Is(err, io.ErrUnexpectedEOF)
		}},
		{faultproxy.CutEvent, true, func(status int, body string, err error) bool {
			return status == http.StatusCreated && body != "" && errors.Is(err, io.ErrUnexpectedEOF)
		}},
		{faultproxy.PassAndClose, true, created},
		{faultproxy.FailReply, true, func(status int, body string, err error) bool {
			return status == http.StatusInternalServerError && strings.Contains(body, `"errorCode":300`) && err == nil
		}},
		{faultproxy.GatewayTimeout, true, func(status int, body string, err error) bool {
			return status == http.StatusGatewayTimeout && strings.Contains(body, "<html>") && err == nil
		}},
	} {
		t.Run(test.fault.String(), func(t *testing.T) {
			endpoint, direct := server(t)
			proxy := faultproxy.New(t, endpoint)
			proxy.Use(faultproxy.Always(test.fault))
			status, body, err := put(t, proxy.URL(), "/key", "1")
			if !test.shows(status, body, err) {
				t.Errorf("the client sees status %d, body %q, error %v", status, body, err)
			}
			applied, err := direct.Exists(t.Context(), "/key")
			if err != nil || applied != test.applied {
				t.Errorf("applied: %v, %v", applied, err)
			}
			if forwarded := proxy.Forwarded()[http.MethodPut]; (forwarded == 1) != test.applied {
				t.Errorf("forwarded %d times", forwarded)
			}
			if n := proxy.Injected()[test.fault.String()]; n != 1 {
				t.Errorf("counted %d times", n)
			}
		})
	}
}

func created(status int, body string, err error) bool {
	return status == http.StatusCreated && strings.Contains(body, `"action":"set"`) && err == nil
}

func wasReset(_ int, _ string, err error) bool { return errors.Is(err, syscall.ECONNRESET) }

// A watch through the proxy begins before its event, and a plan for writes leaves it alone.
func TestWatchPasses(t *testing.T) {
	endpoint, direct := server(t)
	proxy := faultproxy.New(t, endpoint)
	proxy.Use(faultproxy.Writes(func() faultproxy.Fault { return faultproxy.DropRequest }))
	seen := make(chan error, 1)
	go func() {
		_, err := live.Client(t, proxy.URL()).WatchOnce(t.Context(), "/key")
		seen <- err
	}()
	live.Eventually(t, "the watch is under way", func() bool { return proxy.Forwarded()[http.MethodGet] > 0 })
	live.Eventually(t, "the watch sees a write", func() bool {
		live.Must[*etcd.Response](t)(direct.Set(t.Context(), "/key", "1"))
		select {
		case err := <-seen:
			return err == nil
		default:
			return false
		}
	})
}
