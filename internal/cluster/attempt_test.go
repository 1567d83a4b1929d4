package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// attemptOf returns an attempt of most that the test ends.
func attemptOf(t *testing.T, config Config, most time.Duration) *attempt {
	t.Helper()
	config.Endpoints = []string{"http://a"}
	a := newCluster(t, config).newAttempt(t.Context(), most)
	t.Cleanup(a.end)
	return a
}

// untraced has a transport that tells nothing of connections.
var untraced = Config{HTTPClient: &http.Client{Transport: handled(http.NotFoundHandler())}}

func TestOutcomeFollowsTheConnection(t *testing.T) {
	a := attemptOf(t, Config{}, time.Minute)
	check(t, "as long as nothing is known", a.outcome(io.EOF), Unknown)
	a.getConn("a:80")
	check(t, "without a connection", a.outcome(io.EOF), NotSent)
	a.gotConn(httptrace.GotConnInfo{Reused: true})
	check(t, "with a connection", a.outcome(io.EOF), Unknown)
	// Net/http found the kept connection dead before a byte was written, and wants another.
	a.getConn("a:80")
	check(t, "without the next connection", a.outcome(io.EOF), NotSent)
	a.gotConn(httptrace.GotConnInfo{})
	check(t, "with the next connection", a.outcome(io.EOF), Unknown)
}

func TestOutcomeIsUnknownWhereConnectionsAreNotReported(t *testing.T) {
	check(t, "outcome", attemptOf(t, untraced, time.Minute).outcome(io.EOF), Unknown)
}

// connectTLS returns a TLS connection of a version.
func connectTLS(t *testing.T, version uint16) *tls.Conn {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{MinVersion: version, MaxVersion: version}
	s.StartTLS()
	t.Cleanup(s.Close)
	trust := s.Client().Transport.(*http.Transport).TLSClientConfig
	conn, err := tls.Dial("tcp", s.Listener.Addr().String(), trust)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// With TLS 1.3 a server can refuse the client's certificate only when the client has begun to send. Any other
// alert may come after the request was read.
func TestAlertAboutTheCertificateOnANewConnectionIsARefusalToTalk(t *testing.T) {
	alert := func(code tls.AlertError) error { return &net.OpError{Op: "remote error", Err: code} }
	const badRecord, certificateRequired, internalError = 20, 116, 80
	tls13, tls12 := connectTLS(t, tls.VersionTLS13), connectTLS(t, tls.VersionTLS12)
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	tests := []struct {
		name   string
		conn   net.Conn
		reused bool
		err    error
		want   Outcome
	}{
		{"certificate required", tls13, false, alert(certificateRequired), NotSent},
		{"unknown authority", tls13, false, alert(48), NotSent},
		{"in net/http's wrapping", tls13, false, &url.Error{Op: "Put", URL: "https://a", Err: alert(42)}, NotSent},
		{"reused connection", tls13, true, alert(certificateRequired), Unknown},
		{"TLS 1.2", tls12, false, alert(certificateRequired), Unknown},
		{"no TLS", nil, false, alert(certificateRequired), Unknown},
		{"bad record", tls13, false, alert(badRecord), Unknown},
		{"internal error", tls13, false, alert(internalError), Unknown},
		{"reset", tls13, false, reset, Unknown},
		{"end", tls13, false, io.ErrUnexpectedEOF, Unknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := attemptOf(t, Config{}, time.Minute)
			a.getConn("a:443")
			a.gotConn(httptrace.GotConnInfo{Conn: test.conn, Reused: test.reused})
			check(t, "outcome", a.outcome(test.err), test.want)
		})
	}
}

// A wrapper of a transport may have sent the request on an earlier connection.
func TestAlertAfterAnEarlierConnectionLeavesTheOutcomeUnknown(t *testing.T) {
	a := attemptOf(t, Config{}, time.Minute)
	a.wrote.Store(true)
	a.getConn("a:443")
	a.gotConn(httptrace.GotConnInfo{Conn: connectTLS(t, tls.VersionTLS13)})
	check(t, "outcome", a.outcome(&net.OpError{Op: "remote error", Err: tls.AlertError(116)}), Unknown)
}

// What crypto/tls returns for an alert that it has received must be recognized.
func TestReceivedAlertIsRecognized(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	resp, err := s.Client().Get(s.URL)
	if err == nil {
		resp.Body.Close()
		t.Fatal("answered")
	}
	if !refusesCertificate(err) {
		t.Errorf("%v is not a refusal of the certificate", err)
	}
}

// checkEnds waits for a to end by itself and compares when that was.
func checkEnds(t *testing.T, a *attempt, want time.Duration) {
	t.Helper()
	<-a.ctx.Done()
	checkIs(t, context.Cause(a.ctx), os.ErrDeadlineExceeded)
	check(t, "ended after", time.Since(a.start), want)
}

func TestConnectingMayTakeHalfOfAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkEnds(t, attemptOf(t, Config{}, 10*time.Second), 5*time.Second)
	})
}

func TestConnectionInTimeGetsTheWholeAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := attemptOf(t, Config{}, 10*time.Second)
		<-time.After(4 * time.Second)
		a.gotConn(httptrace.GotConnInfo{})
		checkEnds(t, a, 10*time.Second)
	})
}

// Where nothing tells connecting from waiting for the answer, half would cut slow answers off.
func TestAttemptHasItsWholeTimeWhereConnectionsAreNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkEnds(t, attemptOf(t, untraced, 10*time.Second), 10*time.Second)
	})
}

func TestAttemptOfZeroHasNoBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := attemptOf(t, Config{}, 0)
		a.gotConn(httptrace.GotConnInfo{})
		<-time.After(time.Hour)
		a.lift()
		check(t, "error", a.ctx.Err(), error(nil))
	})
}

func TestLiftedAttemptStillEndsWithTheCallerOrTheCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, Config{Endpoints: []string{"http://a"}})
		cause := errors.New("enough")
		caller, cancel := context.WithCancelCause(t.Context())
		byCaller, byCluster := c.newAttempt(caller, time.Second), c.newAttempt(t.Context(), time.Second)
		byCaller.lift()
		byCluster.lift()
		<-time.After(time.Hour)
		check(t, "errors after an hour", []error{byCaller.ctx.Err(), byCluster.ctx.Err()}, []error{nil, nil})
		cancel(cause)
		<-byCaller.ctx.Done()
		checkIs(t, byCaller.why(io.EOF), context.Canceled)
		check(t, "text", byCaller.why(io.EOF).Error(), "context canceled: enough")
		c.Close()
		<-byCluster.ctx.Done()
		checkIs(t, byCluster.why(io.EOF), errs.ErrClosed)
	})
}

func TestAttemptThatIsRepeatedDoesNotCountAgainstItsMember(t *testing.T) {
	a := attemptOf(t, Config{}, time.Minute)
	check(t, "counts before", a.countsAgainstMember(), true)
	a.repeat()
	check(t, "counts", a.countsAgainstMember(), false)
	checkIs(t, a.why(io.EOF), errMayHaveMissed)
}

// A call that is admitted just before Close must not run on.
func TestAttemptThatBeginsAfterCloseEndsAtOnce(t *testing.T) {
	c := newCluster(t, Config{Endpoints: []string{"http://a"}})
	c.Close()
	a := c.newAttempt(t.Context(), time.Minute)
	defer a.end()
	checkIs(t, a.ctx.Err(), context.Canceled)
	checkIs(t, a.why(io.EOF), errs.ErrClosed)
}

// The caller needs what happened, not the address once more that net/http puts around it.
func TestReasonOfAFailureIsBare(t *testing.T) {
	a := attemptOf(t, Config{}, 1500*time.Millisecond)
	broken := errors.New("broken")
	for _, err := range []error{broken, &url.Error{Op: "Get", URL: "http://a", Err: broken}} {
		checkIs(t, a.why(err), broken)
		check(t, "text", a.why(err).Error(), "broken")
	}
}

func TestReasonOfATimeoutSaysHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := attemptOf(t, Config{}, 1500*time.Millisecond)
		a.getConn("a:80")
		<-a.ctx.Done()
		err := a.why(io.EOF)
		checkIs(t, err, os.ErrDeadlineExceeded)
		check(t, "text", err.Error(), "no connection within 750ms: i/o timeout")
	})
	synctest.Test(t, func(t *testing.T) {
		a := attemptOf(t, Config{}, 1500*time.Millisecond)
		a.gotConn(httptrace.GotConnInfo{})
		<-a.ctx.Done()
		check(t, "text", a.why(io.EOF).Error(), "no answer within 1.5s: i/o timeout")
	})
}
