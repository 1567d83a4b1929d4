package validator

import (
	"fmt"
	"math"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// A Spec is a loaded description. It may be used concurrently.
type Spec struct {
	doc    *openapi3.T
	router routers.Router
}

// Load reads a description, OpenAPI 3.0 as YAML or JSON, such as that of package api.
func Load(text []byte) (*Spec, error) {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("validator: load the description: %w", err)
	}
	doc.Servers = nil // any host will do
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("validator: route the description: %w", err)
	}
	return &Spec{doc: doc, router: router}, nil
}

// Document returns the description as it was loaded. It must not be changed.
func (s *Spec) Document() *openapi3.T { return s.doc }

// Check compares a recorded exchange with the description. See [Transport.Ignore] for ignore.
func (s *Spec) Check(e *Exchange, ignore ...string) []Finding {
	c := s.newCheck(e, ignore, math.MaxInt)
	c.request()
	c.head()
	c.body(e.ResponseBody)
	c.end()
	return c.findings
}
