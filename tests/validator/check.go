package validator

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// A check is the comparison of one exchange with the description, in the order in which the exchange happens.
type check struct {
	spec     *Spec
	exchange *Exchange
	ignore   []string
	findings []Finding

	route    *routers.Route // nil if no operation fits
	input    *openapi3filter.RequestValidationInput
	response *openapi3.Response // nil if the status is not declared
	splitter splitter
	isEmpty  bool // no document has come
}

func (s *Spec) newCheck(e *Exchange, ignore []string) *check {
	return &check{spec: s, exchange: e, ignore: ignore, isEmpty: true}
}

// found notes what was found, each thing once.
func (c *check) found(side Side, text string) {
	f := Finding{Side: side, Method: c.exchange.Method, Path: sentPath(c.exchange.URL), Text: text}
	if c.route != nil {
		f.Operation = c.route.Operation.OperationID
	}
	if side == Response {
		f.Status = c.exchange.Status
	}
	if !slices.Contains(c.findings, f) {
		c.findings = append(c.findings, f)
	}
}

// foundAll notes each of the errors that err is made of.
func (c *check) foundAll(side Side, err error) {
	var many openapi3.MultiError
	if errors.As(err, &many) {
		for _, one := range many {
			c.foundAll(side, one)
		}
		return
	}
	if err != nil {
		c.found(side, firstLine(err.Error()))
	}
}

// firstLine leaves out the schema and the value that kin-openapi shows behind an error: a value can be a secret.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\nSchema:")
	return strings.Join(strings.Fields(line), " ")
}

// request checks everything about the request, and finds the operation.
func (c *check) request() {
	e := c.exchange
	req := &http.Request{
		Method: e.Method, URL: oneSegment(e.URL), Header: e.RequestHeader.Clone(), ContentLength: int64(len(e.RequestBody)),
		Body: io.NopCloser(bytes.NewReader(e.RequestBody)),
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	route, params, err := c.spec.route(req)
	if err != nil {
		c.found(Request, "no operation is declared for this method and path")
		return
	}
	c.route = route
	c.input = &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route, Options: &filterOptions,
	}
	c.foundAll(Request, openapi3filter.ValidateRequest(req.Context(), c.input))
	if _, err := url.PathUnescape(sentPath(e.URL)); err != nil {
		c.found(Request, "the path has a broken escape")
	}
	c.queryNames()
	c.requestNames()
}

// queryNames finds parameters that are not declared, or sent twice.
func (c *check) queryNames() {
	query, err := url.ParseQuery(c.exchange.URL.RawQuery)
	c.foundAll(Request, err)
	for name, values := range query {
		parameter := c.route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		if parameter == nil {
			c.found(Request, "the query parameter "+name+" is not declared")
			continue
		}
		c.once("the query parameter "+name, parameter.Schema, values)
	}
}

// once looks at the values of one name, of which there should be one. For kin-openapi "1" and "T" are booleans, too.
func (c *check) once(what string, schema *openapi3.SchemaRef, values []string) {
	if len(values) > 1 {
		c.found(Request, what+" is sent more than once")
	}
	if schema != nil && schema.Value.Type.Is("boolean") && values[0] != "true" && values[0] != "false" {
		c.found(Request, what+" is neither true nor false")
	}
}

// requestNames finds fields of the body that are not declared.
func (c *check) requestNames() {
	if c.route.Operation.RequestBody == nil || len(c.exchange.RequestBody) == 0 {
		return
	}
	schema := schemaOf(c.route.Operation.RequestBody.Value.Content, c.exchange.RequestHeader)
	if schema == nil {
		c.found(Request, "the media type of the body is not declared")
		return
	}
	if isForm(c.exchange.RequestHeader) {
		form, err := url.ParseQuery(string(c.exchange.RequestBody))
		c.foundAll(Request, err)
		for name, values := range form {
			field := schema.Value.Properties[name]
			if field == nil {
				c.found(Request, "the form field "+name+" is not declared")
				continue
			}
			c.once("the form field "+name, field, values)
		}
		return
	}
	c.names(Request, schema, c.exchange.RequestBody)
}

// names finds fields of a JSON document that are not declared.
func (c *check) names(side Side, schema *openapi3.SchemaRef, document []byte) {
	value, err := decode(document)
	if err != nil {
		return // found when the types were compared
	}
	Walk(schema, value, func(f Field) {
		if f.Property == nil {
			c.found(side, "the field "+f.Path+" is not declared")
		}
	})
}
