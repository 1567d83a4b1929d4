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

// oneSegment writes a key's path as the one segment that it is in the description. Its slashes may be sent as they are.
func oneSegment(u *url.URL) *url.URL {
	clone := *u
	clone.Scheme, clone.Host = "", ""
	key, ok := strings.CutPrefix(u.EscapedPath(), keysPath)
	if !ok {
		return &clone
	}
	clone.RawPath = keysPath + strings.ReplaceAll(key, "/", "%2F")
	if path, err := url.PathUnescape(clone.RawPath); err == nil {
		clone.Path = path
	}
	return &clone
}
