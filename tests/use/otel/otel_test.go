// Package otel shows how OpenTelemetry sees the library's requests: through the *http.Client.
package otel

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestMain(m *testing.M) { live.Main(m) }

// traced is OpenTelemetry's transport with the method that the library looks for. Without it every write that fails without
// an answer is ErrOutcomeUnknown; see Config.HTTPClient.
type traced struct {
	*otelhttp.Transport
	base http.RoundTripper
}

func newTraced(base http.RoundTripper, options ...otelhttp.Option) traced {
	return traced{otelhttp.NewTransport(base, options...), base}
}

// Unwrap returns the transport that sends the requests.
func (t traced) Unwrap() http.RoundTripper { return t.base }

// Each attempt at a member becomes a span, and a write moves on after a refused connection.
func TestAttemptsAreSpans(t *testing.T) {
	s := live.Latest(t)
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	var refuse atomic.Bool // the next connection
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	defer transport.CloseIdleConnections()
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if refuse.CompareAndSwap(true, false) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	client, err := etcd.New(etcd.Config{
		Endpoints:  []string{strings.Replace(s.Endpoint, "127.0.0.1", "localhost", 1), s.Endpoint},
		HTTPClient: &http.Client{Transport: newTraced(transport, otelhttp.WithTracerProvider(provider))},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Set(t.Context(), s.Dir, "1"); err != nil {
		t.Fatal(err)
	}
	spans.Reset()
	refuse.Store(true)
	if _, err := client.Set(t.Context(), s.Dir, "2"); err != nil {
		t.Errorf("the write did not move on: %v", err)
	}
	if _, err := client.Get(t.Context(), s.Dir); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, span := range spans.GetSpans() {
		names = append(names, span.Name)
	}
	want := []string{"HTTP PUT", "HTTP HEAD", "HTTP PUT", "HTTP GET"} // HEAD asks the next member whether it serves
	if !slices.Equal(names, want) {
		t.Errorf("spans are %q", names)
	}
}

// As soon as OpenTelemetry's transport has the method, the type above and the sentence in Config.HTTPClient can go.
func TestOpenTelemetryHasNoUnwrap(t *testing.T) {
	var transport http.RoundTripper = otelhttp.NewTransport(nil)
	if _, ok := transport.(interface{ Unwrap() http.RoundTripper }); ok {
		t.Error("otelhttp.Transport has Unwrap now")
	}
}
