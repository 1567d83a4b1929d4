package validator

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

const keysPath = "/v2/keys/"

// Route returns the operation that a request belongs to and the template of its path, or nil if none is declared.
func (s *Spec) Route(e *Exchange) (operation *openapi3.Operation, item *openapi3.PathItem) {
	route, _, err := s.route(e)
	if err != nil {
		return nil, nil
	}
	return route.Operation, route.PathItem
}

func (s *Spec) route(e *Exchange) (*routers.Route, map[string]string, error) {
	path, ok := strings.CutPrefix(sentPath(e.URL), e.Prefix)
	if !ok {
		return nil, nil, routers.ErrPathNotFound
	}
	return s.router.FindRoute(&http.Request{Method: e.Method, URL: oneSegment(path)})
}

// sentPath returns the path as it is sent, escapes included. One whose escapes are broken is the URL's Opaque part.
func sentPath(u *url.URL) string {
	if strings.HasPrefix(u.Opaque, "/") {
		return u.Opaque
	}
	return u.EscapedPath()
}

// oneSegment writes a key's path as the one segment that it is in the description. Its slashes may be sent as they are,
// and the root's need not be sent.
func oneSegment(sent string) *url.URL {
	if sent+"/" == keysPath {
		sent = keysPath
	}
	if key, ok := strings.CutPrefix(sent, keysPath); ok {
		sent = keysPath + strings.ReplaceAll(key, "/", "%2F")
	}
	path, err := url.PathUnescape(sent)
	if err != nil {
		path = sent // it has no other meaning
	}
	return &url.URL{Path: path, RawPath: sent}
}
