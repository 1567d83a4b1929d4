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
	route, _, err := s.route(&http.Request{Method: e.Method, URL: oneSegment(e.URL)})
	if err != nil {
		return nil, nil
	}
	return route.Operation, route.PathItem
}

func (s *Spec) route(req *http.Request) (*routers.Route, map[string]string, error) {
	return s.router.FindRoute(req)
}

// sentPath returns the path as it is sent, escapes included. One whose escapes are broken is the URL's Opaque part.
func sentPath(u *url.URL) string {
	if strings.HasPrefix(u.Opaque, "/") {
		return u.Opaque
	}
	return u.EscapedPath()
}

// oneSegment writes a key's path as the one segment that it is in the description. Its slashes may be sent as they are.
func oneSegment(u *url.URL) *url.URL {
	clone := &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	key, ok := strings.CutPrefix(sentPath(u), keysPath)
	if !ok {
		return clone
	}
	clone.RawPath = keysPath + strings.ReplaceAll(key, "/", "%2F")
	path, err := url.PathUnescape(clone.RawPath)
	if err != nil {
		path = clone.RawPath // it has no other meaning
	}
	clone.Path = path
	return clone
}
