package gateway_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// An exchange is one request on its way through a gateway. To end the client's connection without a complete
// reply, it panics with http.ErrAbortHandler.
type exchange struct {
	gateway *gateway
	random  *rand.Rand // the choices of this exchange
	w       http.ResponseWriter
	req     *request
}

// send sends the request to a server once and returns when the header of the reply has arrived.
func (x *exchange) send(ctx context.Context, server string) *http.Response {
	out, err := http.NewRequestWithContext(ctx, x.req.Method, server+x.req.RequestURI, bytes.NewReader(x.req.body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header = x.req.Header.Clone()
	out.GetBody = nil // or net/http might send the request again
	resp, err := x.gateway.transport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return resp
}

// ask returns the complete answer of a server, even if the client has gone.
func (x *exchange) ask(server string) *answer {
	resp := x.send(x.gateway.life, server)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}
}

// forward returns the member's answer.
func (x *exchange) forward() *answer {
	a := x.ask(x.gateway.member)
	x.gateway.archive.keep(a, x.random)
	return a
}

// stream passes a watch on. Its header arrives before its body.
func (x *exchange) stream() {
	resp := x.send(x.req.Context(), x.gateway.member)
	defer resp.Body.Close()
	x.head(resp.Header, resp.StatusCode)
	if _, err := io.Copy(x.w, resp.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// reply sends an answer to the client.
func (x *exchange) reply(a *answer) {
	if a.status == http.StatusSwitchingProtocols {
		x.switchProtocols()
		return
	}
	header := a.header.Clone()
	if a.short {
		header.Set("Content-Length", strconv.Itoa(2*len(a.body)+1))
	}
	bodyless := x.req.Method == http.MethodHead || a.status == http.StatusNoContent || a.status == http.StatusNotModified
	if bodyless && a.status != http.StatusOK {
		header.Del("Content-Length")
	}
	if a.status >= 300 && a.status < 400 {
		header.Set("Location", x.elsewhere())
	}
	x.head(header, a.status)
	if bodyless {
		return
	}
	if _, err := x.w.Write(a.body); err != nil || a.short {
		panic(http.ErrAbortHandler)
	}
}

// head sends the header of a reply.
func (x *exchange) head(header http.Header, status int) {
	for name, values := range header {
		x.w.Header()[name] = values
	}
	x.w.WriteHeader(status)
	x.flush()
}

func (x *exchange) flush() {
	if err := http.NewResponseController(x.w).Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// switchProtocols answers 101 and then nothing, until the client closes the connection.
func (x *exchange) switchProtocols() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	stop := context.AfterFunc(x.gateway.life, func() { conn.Close() })
	defer stop()
	_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tunnel\r\n\r\n")
	if err == nil {
		_, _ = io.Copy(io.Discard, conn) // every error means that the connection has ended
	}
}

// elsewhere returns the target of a redirect: another endpoint of the client, or a page.
func (x *exchange) elsewhere() string {
	if x.random.IntN(2) == 0 {
		return "/login"
	}
	return x.gateway.next.server.URL + x.req.RequestURI
}

// anothersAnswer returns the member's answer to another request, with its headers.
func (x *exchange) anothersAnswer(int) *answer {
	if a := x.gateway.archive.foreign(x.req, x.random); a != nil {
		return a
	}
	return page("Bad Gateway", "text/plain")(x, http.StatusBadGateway)
}

// otherCluster returns the answer of a member of another cluster to the request.
func (x *exchange) otherCluster(int) *answer {
	if x.req.watches() {
		return page("Bad Gateway", "text/plain")(x, http.StatusBadGateway)
	}
	return x.ask(x.gateway.other)
}
