package cluster

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// The error says what was seen, and that the endpoint may have the wrong scheme.
func TestFailureNamesTheWrongScheme(t *testing.T) {
	plain := httptest.NewUnstartedServer(text(200, 7, ""))
	plain.Config.ErrorLog = log.New(io.Discard, "", 0)
	plain.Start()
	t.Cleanup(plain.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	for name, own := range map[string]*http.Client{
		"own pool": nil, "a transport": {Transport: transport}, "a client with a jar": {Transport: transport, Jar: jar},
	} {
		c := newCluster(t, Config{Endpoints: []string{strings.Replace(plain.URL, "http:", "https:", 1)}, HTTPClient: own})
		result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=v"))
		check(t, name, result.Outcome, NotSent)
		if text := result.Err.Error(); !strings.HasSuffix(text, "; the server may not use TLS: then the endpoint begins with http://") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// A connection that was used before is closed for other reasons.
func TestFailureOfANewConnectionMayBeThatOfTheWrongScheme(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(hangup, text(200, 7, ""), hangup))
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		for _, want := range []string{"EOF, a new connection was closed without an answer; the server may be stopping, or expect TLS: " +
			"then the endpoint begins with https://", "", "EOF"} {
			result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=v"))
			got := ""
			if result.Err != nil {
				checkIs(t, result.Err, io.EOF)
				got = result.Err.Error()
			}
			check(t, "error", got, want)
		}
	})
}

// A slow member is not a silent one.
func TestTimeoutSaysWhatHasArrived(t *testing.T) {
	half := func(w http.ResponseWriter, r *http.Request) {
		text(200, 7, strings.Repeat("x", 300))(w, r)
		w.(http.Flusher).Flush()
		hang(w, r)
	}
	for want, reply := range map[string]http.HandlerFunc{
		"no answer within 1s: i/o timeout":                                        hang,
		"no complete answer within 1s, but its header and 0 bytes: i/o timeout":   silent(7),
		"no complete answer within 1s, but its header and 300 bytes: i/o timeout": half,
	} {
		synctest.Test(t, func(t *testing.T) {
			var net fakenet.Network
			net.Serve(t, "a", server(reply))
			c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial, AttemptTimeout: time.Second})
			result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=v"))
			check(t, "error", result.Err.Error(), want)
		})
	}
}
