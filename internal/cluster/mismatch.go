package cluster

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// failure returns why an attempt at target failed with err before it got a reply. Where that looks as if the
// endpoint has the wrong scheme, it says so.
func (a *attempt) failure(target *url.URL, err error) error {
	why := a.why(err)
	if a.ctx.Err() != nil {
		return why
	}
	var record tls.RecordHeaderError
	secure, ended := target.Scheme == "https", errors.Is(err, io.EOF)
	switch {
	case secure && (errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch)):
		return fmt.Errorf("%w; the server may not use TLS: then the endpoint begins with http://", why)
	case secure && ended && !a.sent.Load():
		return fmt.Errorf("%w in the TLS handshake; "+
			"the server may be stopping, or not use TLS: then the endpoint begins with http://", why)
	case !secure && ended && a.fresh.Load():
		return fmt.Errorf("%w, a new connection was closed without an answer; "+
			"the server may be stopping, or expect TLS: then the endpoint begins with https://", why)
	}
	return why
}
