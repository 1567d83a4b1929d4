package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// limitOf returns a limit of most that the test ends.
func limitOf(t *testing.T, config Config, most time.Duration) *limit {
	t.Helper()
	config.Endpoints = []string{"http://a"}
	l := connectWith(t, config).cluster.newLimit(t.Context(), most)
	t.Cleanup(l.end)
	return l
}

// untraced has a transport that tells nothing of connections.
var untraced = Config{HTTPClient: &http.Client{Transport: handled(http.NotFoundHandler())}}

func TestOutcomeFollowsTheConnection(t *testing.T) {
	l := limitOf(t, Config{}, time.Minute)
	check(t, "as long as nothing is known", l.outcome(io.EOF), OutcomeUnknown)
	l.getConn("a:80")
	check(t, "without a connection", l.outcome(io.EOF), OutcomeNotSent)
	l.gotConn(httptrace.GotConnInfo{Reused: true})
	check(t, "with a connection", l.outcome(io.EOF), OutcomeUnknown)
	// Net/http found the kept connection dead before a byte was written, and wants another.
	l.getConn("a:80")
	check(t, "without the next connection", l.outcome(io.EOF), OutcomeNotSent)
	l.gotConn(httptrace.GotConnInfo{})
	check(t, "with the next connection", l.outcome(io.EOF), OutcomeUnknown)
}

func TestOutcomeIsUnknownWhereConnectionsAreNotReported(t *testing.T) {
	check(t, "outcome", limitOf(t, untraced, time.Minute).outcome(io.EOF), OutcomeUnknown)
}

// With TLS 1.3 a server can refuse the client's certificate only when the client has begun to send.
func TestTLSAlertOnAFreshConnectionIsARefusalToTalk(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: tls.AlertError(116)} // certificate required
	tests := []struct {
		name   string
		reused bool
		err    error
		want   Outcome
	}{
		{"alert, fresh", false, alert, OutcomeNotSent},
		{"alert in net/http's wrapping, fresh", false, &url.Error{Op: "Put", URL: "https://a", Err: alert}, OutcomeNotSent},
		{"alert, reused", true, alert, OutcomeUnknown},
		{"reset, fresh", false, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, OutcomeUnknown},
		{"end, fresh", false, io.ErrUnexpectedEOF, OutcomeUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := limitOf(t, Config{}, time.Minute)
			l.getConn("a:443")
			l.gotConn(httptrace.GotConnInfo{Reused: test.reused})
			check(t, "outcome", l.outcome(test.err), test.want)
		})
	}
}

// checkEnds waits for l to end by itself and compares when that was.
func checkEnds(t *testing.T, l *limit, want time.Duration) {
	t.Helper()
	<-l.ctx.Done()
	checkIs(t, context.Cause(l.ctx), os.ErrDeadlineExceeded)
	check(t, "ended after", time.Since(l.start), want)
}

func TestConnectingMayTakeHalfOfAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { checkEnds(t, limitOf(t, Config{}, 10*time.Second), 5*time.Second) })
}

func TestConnectionInTimeGetsTheWholeAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limitOf(t, Config{}, 10*time.Second)
		<-time.After(4 * time.Second)
		l.gotConn(httptrace.GotConnInfo{})
		checkEnds(t, l, 10*time.Second)
	})
}

// Where nothing tells connecting from waiting for the answer, half would cut slow answers off.
func TestAttemptHasItsWholeTimeWhereConnectionsAreNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { checkEnds(t, limitOf(t, untraced, 10*time.Second), 10*time.Second) })
}

func TestLimitOfZeroIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limitOf(t, Config{}, 0)
		l.gotConn(httptrace.GotConnInfo{})
		<-time.After(time.Hour)
		l.lift()
		check(t, "error", l.ctx.Err(), error(nil))
	})
}

func TestLiftedLimitStillEndsWithTheCallerOrTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := connect(t, "http://a")
		cause := errors.New("enough")
		caller, cancel := context.WithCancelCause(t.Context())
		byCaller, byClient := client.cluster.newLimit(caller, time.Second), client.cluster.newLimit(t.Context(), time.Second)
		byCaller.lift()
		byClient.lift()
		<-time.After(time.Hour)
		check(t, "errors after an hour", []error{byCaller.ctx.Err(), byClient.ctx.Err()}, []error{nil, nil})
		cancel(cause)
		<-byCaller.ctx.Done()
		check(t, "reason", byCaller.why(io.EOF), cause)
		client.Close()
		<-byClient.ctx.Done()
		checkIs(t, byClient.why(io.EOF), ErrClosed)
	})
}

func TestOnlyNetHTTPsOwnTransportReportsConnections(t *testing.T) {
	for name, test := range map[string]struct {
		transport http.RoundTripper
		want      bool
	}{
		"default": {nil, true}, "http.Transport": {&http.Transport{}, true}, "another": {roundTrip(nil), false},
	} {
		check(t, name, reportsConnections(&http.Client{Transport: test.transport}), test.want)
	}
}
