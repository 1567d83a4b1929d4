package main

import (
	"github.com/etcdv2/client/etcd"
	"github.com/prometheus/client_golang/prometheus"
)

// observer turns what a client does into metrics.
type observer struct {
	attempts *prometheus.HistogramVec
	failures *prometheus.CounterVec
	lag      *prometheus.GaugeVec
	reopened *prometheus.CounterVec
	resynced *prometheus.CounterVec
}

func newObserver(registerer prometheus.Registerer) *observer {
	o := &observer{
		attempts: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "etcd_attempt_duration_seconds",
			Help:    "Time that an attempt of a request at a member took; for a poll of a watch, until it was accepted.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15), // 0.5 ms to 8 s
		}, []string{"endpoint", "method", "outcome"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "etcd_member_failures_total",
			Help: "How often a member failed and was set aside for a while.",
		}, []string{"endpoint"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "etcd_watch_lag_events",
			Help: "Events that the server was ahead of a watch, while they are more than 100.",
		}, []string{"key"}),
		reopened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "etcd_watch_reopened_total",
			Help: "How often a request of a watch failed and was made again.",
		}, []string{"key"}),
		resynced: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "etcd_mirror_resynced_total",
			Help: "How often a mirror read its directory again because its watch could not continue.",
		}, []string{"dir"}),
	}
	registerer.MustRegister(o.attempts, o.failures, o.lag, o.reopened, o.resynced)
	return o
}

// Observe implements etcd.Observer.
func (o *observer) Observe(event etcd.Event) {
	switch e := event.(type) {
	case etcd.AttemptEnded:
		o.attempts.WithLabelValues(e.Endpoint, e.Method, e.Outcome.String()).Observe(e.Duration.Seconds())
	case etcd.MemberSetAside:
		o.failures.WithLabelValues(e.Endpoint).Inc()
	case etcd.WatchLag:
		o.lag.WithLabelValues(e.Key).Set(float64(e.Lag))
	case etcd.WatchReopened:
		o.reopened.WithLabelValues(e.Key).Inc()
	case etcd.MirrorResynced:
		o.resynced.WithLabelValues(e.Dir).Inc()
	}
}
