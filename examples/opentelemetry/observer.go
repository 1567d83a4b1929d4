package main

import (
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/etcd"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// observer turns what a client does into metrics, and each attempt at a member into a span.
type observer struct {
	meter    metric.Meter
	tracer   trace.Tracer
	attempts metric.Float64Histogram
	failures metric.Int64Counter
	lag      metric.Int64Gauge
	reopened metric.Int64Counter
	resynced metric.Int64Counter
}

func newObserver(meter metric.Meter, tracer trace.Tracer) (*observer, error) {
	o := &observer{meter: meter, tracer: tracer}
	errs := make([]error, 5)
	o.attempts, errs[0] = meter.Float64Histogram("etcd.attempt.duration", metric.WithUnit("s"),
		metric.WithDescription("Time that an attempt of a request at a member took; for a poll of a watch, until it was accepted."))
	o.failures, errs[1] = meter.Int64Counter("etcd.member.failures",
		metric.WithDescription("How often a member failed and was set aside for a while."))
	o.lag, errs[2] = meter.Int64Gauge("etcd.watch.lag",
		metric.WithDescription("Events that the server was ahead of a watch, while they are more than 100."))
	o.reopened, errs[3] = meter.Int64Counter("etcd.watch.reopened",
		metric.WithDescription("How often a request of a watch failed and was made again."))
	o.resynced, errs[4] = meter.Int64Counter("etcd.mirror.resynced",
		metric.WithDescription("How often a mirror read its directory again because its watch could not continue."))
	return o, errors.Join(errs...)
}

// observeAge reports how far behind the mirror of dir may be.
func (o *observer) observeAge(mirror *etcd.Mirror, dir string) error {
	_, err := o.meter.Float64ObservableGauge("etcd.mirror.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the mirror was last known to be current."),
		metric.WithFloat64Callback(func(_ context.Context, observe metric.Float64Observer) error {
			observe.Observe(mirror.Age().Seconds(), metric.WithAttributes(attribute.String("etcd.dir", dir)))
			return nil
		}))
	return err
}

// Observe implements etcd.Observer. It has no context: spans are roots of their own, not children of the caller's.
func (o *observer) Observe(event etcd.Event) {
	ctx := context.Background()
	switch e := event.(type) {
	case etcd.AttemptEnded:
		o.attemptEnded(ctx, e)
	case etcd.MemberSetAside:
		o.failures.Add(ctx, 1, metric.WithAttributes(attribute.String("server.address", e.Endpoint)))
	case etcd.WatchLag:
		o.lag.Record(ctx, int64(e.Lag), metric.WithAttributes(attribute.String("etcd.key", e.Key)))
	case etcd.WatchReopened:
		o.reopened.Add(ctx, 1, metric.WithAttributes(attribute.String("etcd.key", e.Key)))
	case etcd.MirrorResynced:
		o.resynced.Add(ctx, 1, metric.WithAttributes(attribute.String("etcd.dir", e.Dir)))
	}
}

func (o *observer) attemptEnded(ctx context.Context, e etcd.AttemptEnded) {
	attributes := []attribute.KeyValue{
		attribute.String("server.address", e.Endpoint),
		attribute.String("http.request.method", e.Method),
		attribute.String("etcd.outcome", e.Outcome.String()),
	}
	o.attempts.Record(ctx, e.Duration.Seconds(), metric.WithAttributes(attributes...))

	end := time.Now()
	_, span := o.tracer.Start(ctx, e.Method, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(end.Add(-e.Duration)), trace.WithAttributes(attributes...),
		trace.WithAttributes(attribute.String("url.path", e.Path)))
	if e.Outcome != etcd.OutcomeAnswered {
		span.SetStatus(codes.Error, e.Outcome.String()) // the error's text may hold values
	}
	span.End(trace.WithTimestamp(end))
}
