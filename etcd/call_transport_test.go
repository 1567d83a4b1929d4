package etcd

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdv2/client/internal/fakenet"
)

// maxFormBytes is the longest body that etcd reads.
const maxFormBytes = 10 << 20

// handled is a transport that hands requests to a handler, and says nothing of connections.
func handled(handler http.Handler) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, req)
		resp := recorder.Result()
		resp.Request = req
		return resp, nil
	}
}

func TestOwnHTTPClientSendsTheRequests(t *testing.T) {
	client := connectWith(t, Config{
		Endpoints: []string{"http://a"}, HTTPClient: &http.Client{Transport: handled(file("get", "/k", "v", 3))},
	})
	if resp, err := client.Get(t.Context(), "/k"); err != nil || resp.Node.Value != "v" {
		t.Errorf("got %v, %v", resp, err)
	}
}

// The client of a server on a Unix socket has a pool of its own, so polls can be asked to end.
func TestDialOpensTheConnections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: file("get", "/k", "v", 3)}
	go func() { _ = server.Serve(listener) }() // ends with the server
	t.Cleanup(func() { server.Close() })
	var asked []string
	client := connectWith(t, Config{
		Endpoints: []string{"http://etcd.internal:2379"},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			asked = append(asked, network+" "+address)
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	})
	resp, err := client.Get(t.Context(), "/k")
	check(t, "error", err, error(nil))
	check(t, "value", resp.Node.Value, "v")
	check(t, "asked for", asked, []string{"tcp etcd.internal:2379"})
	client.Close()
}

func TestDialAndHTTPClientCannotBeCombined(t *testing.T) {
	dial := new(net.Dialer).DialContext
	_, err := New(Config{Endpoints: []string{"http://a"}, HTTPClient: http.DefaultClient, Dial: dial})
	checkIs(t, err, ErrInvalidArgument)
}

// Redirects must not be followed through the user's client either, and it must stay as it was:
// it is used for other things too.
func TestOwnHTTPClientIsNotChangedAndItsCheckRedirectNotAsked(t *testing.T) {
	asked := errors.New("asked")
	own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return asked }}
	s := serve(t, text(http.StatusTemporaryRedirect, "", "Location", "/v2/keys/other"))
	client := connectWith(t, Config{Endpoints: []string{s.url}, HTTPClient: own})
	_, err := client.Get(t.Context(), "/k")
	checkNot(t, err, asked)
	check(t, "requests", s.got(), []string{"GET /v2/keys/k"})
	check(t, "the client's own CheckRedirect", own.CheckRedirect(nil, nil), asked)
	check(t, "the client's own transport", own.Transport, http.RoundTripper(nil))
	t.Cleanup(own.CloseIdleConnections)
}

// answeringIndex answers the question that precedes a write, and leaves everything else to f.
func answeringIndex(f roundTrip) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodHead {
			return handled(healthy[indexLine])(req)
		}
		return f(req)
	}
}

// What a transport that reports no connections has sent is not known: even a refused
// connection may be its second, after a first that took the write.
func TestFailedWriteThroughAForeignTransportIsInDoubt(t *testing.T) {
	var hosts []string
	client := connectWith(t, Config{
		Endpoints: []string{"http://a", "http://b"},
		HTTPClient: &http.Client{Transport: answeringIndex(func(req *http.Request) (*http.Response, error) {
			hosts = append(hosts, req.URL.Host)
			return nil, fakenet.Refused()
		})},
	})
	_, err := client.Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrOutcomeUnknown)
	check(t, "hosts", hosts, []string{"a"})

	hosts = nil
	_, err = client.Get(t.Context(), "/k")
	checkNot(t, err, ErrOutcomeUnknown)
	// The write has set a aside.
	check(t, "hosts of a read", hosts[:2], []string{"b", "a"})
}

func TestWriteThroughOwnTransportMovesOnAfterARefusedConnection(t *testing.T) {
	s := serve(t, file("set", "/k", "v", 3))
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := connectWith(t, Config{
		Endpoints: []string{closedPort, s.url}, HTTPClient: &http.Client{Transport: transport},
	})
	if _, err := client.Set(t.Context(), "/k", "v"); err != nil {
		t.Error(err)
	}
}

// Etcd counts the form with its escapes, and cuts off or resets what is longer.
func TestBodyAboveEtcdsLimitIsRefused(t *testing.T) {
	t.Parallel() // it computes for long
	s := serve(t, granting(3))
	client := connect(t, s.url)
	largest := strings.Repeat("v", maxFormBytes-len("value="))
	if _, err := client.Set(t.Context(), "/k", largest); err != nil {
		t.Error(err)
	}
	if got, want := len(s.got()[0]), len("PUT /v2/keys/k ")+maxFormBytes; got != want {
		t.Errorf("sent %d bytes, want %d", got, want)
	}
	_, err := client.Set(t.Context(), "/k", largest+"v")
	checkIs(t, err, ErrInvalidArgument)
	_, err = client.Set(t.Context(), "/k", strings.Repeat(";", maxFormBytes/3))
	checkIs(t, err, ErrInvalidArgument)
	check(t, "requests", len(s.got()), 1)
}

// httptest.ResponseRecorder is one that does.
func TestTransportMayLeaveTheRequestOutOfItsResponse(t *testing.T) {
	for _, status := range []int{404, 200} {
		client := connectWith(t, Config{
			Endpoints: []string{"http://a"},
			HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				rec := httptest.NewRecorder()
				rec.WriteHeader(status)
				return rec.Result(), nil
			})},
		})
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("status %d: panic: %v", status, p)
				}
			}()
			_, _ = client.Get(t.Context(), "/k")
		}()
	}
}

// A protocol that is registered with a transport reports no connections either.
func TestFailedWriteThroughARegisteredProtocolIsInDoubt(t *testing.T) {
	transport, sent := &http.Transport{}, 0
	transport.RegisterProtocol("http", answeringIndex(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errors.New("broke")
	}))
	client := connectWith(t, Config{
		Endpoints: []string{"http://a", "http://b"}, HTTPClient: &http.Client{Transport: transport},
	})
	_, err := client.Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrOutcomeUnknown)
	check(t, "times sent", sent, 1)
}

// With HTTP/2 a call that fails leaves its connection to the others, and net/http reports its use in another
// way. Neither may make a write be sent twice.
func TestOwnHTTPClientMaySpeakHTTP2(t *testing.T) {
	script := &server{replies: []http.HandlerFunc{file("set", "/k", "v", 3), hangup, hangup, file("get", "/k", "v", 3)}}
	protocols := map[string]bool{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols[r.Proto] = true
		script.ServeHTTP(w, r)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	client := connectWith(t, Config{Endpoints: []string{s.URL, s.URL + "/other"}, HTTPClient: s.Client()})
	_, err := client.Set(t.Context(), "/k", "v")
	check(t, "error", err, error(nil))
	_, err = client.Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrOutcomeUnknown)
	_, err = client.Get(t.Context(), "/k")
	check(t, "error of a read", err, error(nil))
	check(t, "requests", script.got(), []string{
		"PUT /v2/keys/k value=v", "PUT /v2/keys/k value=v", "GET /other/v2/keys/k", "GET /v2/keys/k",
	})
	check(t, "protocols", protocols, map[string]bool{"HTTP/2.0": true})
}
