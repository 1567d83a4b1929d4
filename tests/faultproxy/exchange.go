package faultproxy

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// An exchange is one request on its way through a Proxy. Where it cannot go on it panics with
// http.ErrAbortHandler, which ends the client's connection.
type exchange struct {
	proxy *Proxy
	w     http.ResponseWriter
	r     *http.Request
	body  []byte
}

// reply is an answer that was read to its end.
type reply struct {
	header http.Header
	status int
	body   []byte
}

// forward sends the request to the member once and returns when the reply's header is there.
func (x *exchange) forward(ctx context.Context) *http.Response {
	out, err := http.NewRequestWithContext(ctx, x.r.Method, x.proxy.target+x.r.RequestURI, bytes.NewReader(x.body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header, out.Host = x.r.Header.Clone(), x.r.Host
	if _, sent := out.Header["User-Agent"]; !sent {
		out.Header["User-Agent"] = nil // or net/http would add its own
	}
	// net/http would send a request again that it can replay.
	out.GetBody = nil
	x.proxy.count(x.proxy.forwarded, x.r.Method)
	resp, err := x.proxy.transport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return resp
}

// forwardWhole returns when the reply has come to its end, whether the client still waits or not.
func (x *exchange) forwardWhole() reply {
	resp := x.forward(x.proxy.life)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return reply{resp.Header, resp.StatusCode, body}
}

// header passes the reply's header on as it is. Net/http would add a type and a date.
func (x *exchange) header(header http.Header, status int) {
	x.w.Header()["Content-Type"], x.w.Header()["Date"] = nil, nil
	for name, values := range header {
		x.w.Header()[name] = values
	}
	x.w.WriteHeader(status)
	x.flush()
}

func (x *exchange) write(b []byte) {
	if len(b) == 0 {
		return
	}
	if _, err := x.w.Write(b); err != nil {
		panic(http.ErrAbortHandler)
	}
	x.flush()
}

func (x *exchange) flush() {
	if err := http.NewResponseController(x.w).Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// reset ends the client's connection as the loss of a machine does: with a RST, not a FIN.
func (x *exchange) reset() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	if tcp, ok := conn.(*net.TCPConn); ok {
		// Without linger the close discards what is unsent and sends the RST. If it cannot be set
		// the client sees the end of the stream, which is a broken connection too.
		_ = tcp.SetLinger(0)
	}
}

// pause waits for d, or less if the client or the proxy goes.
func (x *exchange) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-x.proxy.life.Done():
		panic(http.ErrAbortHandler)
	}
}
