// Package otel shows how OpenTelemetry sees the library's requests: through the *http.Client.
package otel

import (
	"net/http"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestMain(m *testing.M) { live.Main(m) }

// Each attempt at a member becomes a span. The library cannot see through a foreign transport what
// was sent, so with one every failed write is ErrOutcomeUnknown; see Config.HTTPClient.
func TestAttemptsAreSpans(t *testing.T) {
	s := live.Latest(t)
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	client, err := etcd.New(etcd.Config{
		Endpoints:  []string{s.Endpoint},
		HTTPClient: &http.Client{Transport: otelhttp.NewTransport(transport, otelhttp.WithTracerProvider(provider))},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Set(t.Context(), s.Dir, "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(t.Context(), s.Dir); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, span := range spans.GetSpans() {
		names = append(names, span.Name)
	}
	if !slices.Equal(names, []string{"HTTP PUT", "HTTP GET"}) {
		t.Errorf("spans are %q", names)
	}
}
