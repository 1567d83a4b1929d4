package validator

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// transportHeaders belong to HTTP, whatever is said with it. The four that Go's server, and so every etcd, adds by
// itself; proxies add others, see [Transport.Ignore].
var transportHeaders = []string{
	"Connection",     // this hop's affair
	"Content-Length", // of the body as it is
	"Content-Type",   // declared as the media types of the content, and compared with them
	"Date",           // when the answer was made
}

// ResponseFor returns what the operation declares for a status, or nil.
func ResponseFor(operation *openapi3.Operation, status int) *openapi3.ResponseRef {
	return operation.Responses.Value(strconv.Itoa(status))
}

// head checks status and headers of the answer.
func (c *check) head() {
	if c.route == nil {
		return
	}
	ref := ResponseFor(c.route.Operation, c.exchange.Status)
	if ref == nil {
		c.found(Response, "the status is not declared")
		return
	}
	c.response = ref.Value
	for name := range c.exchange.ResponseHeader {
		if c.response.Headers[name] == nil && !slices.Contains(transportHeaders, name) && !slices.Contains(c.ignore, name) {
			c.found(Response, "the header "+name+" is not declared")
		}
	}
	c.validate(nil, func(o *openapi3filter.Options) { o.ExcludeResponseBody = true })
}

// body checks documents as far as they have come.
func (c *check) body(data []byte) {
	if !c.hasContent() {
		if len(data) > 0 && c.response != nil && !c.isRedirect() {
			c.found(Response, "the body is not declared")
		}
		return
	}
	if !isJSON(c.exchange.ResponseHeader) {
		c.splitter.keep(data)
		return
	}
	for document := range c.splitter.split(data) {
		c.document(document)
	}
}

// end checks what can be said only when everything has come.
func (c *check) end() {
	if !c.hasContent() || c.exchange.Cut {
		return
	}
	rest := c.splitter.rest()
	switch {
	case !isJSON(c.exchange.ResponseHeader), len(bytes.TrimSpace(rest)) > 0:
		c.document(rest)
	case c.isEmpty && !c.exchange.isWatch():
		c.found(Response, "the body is empty")
	}
}

// document checks one document: most bodies are one, a stream's is many.
func (c *check) document(document []byte) {
	c.isEmpty = false
	c.validate(document, func(*openapi3filter.Options) {})
	if schema := schemaOf(c.response.Content, c.exchange.ResponseHeader); schema != nil && isJSON(c.exchange.ResponseHeader) {
		c.names(Response, schema, document)
	}
}

// validate lets kin-openapi compare the answer, with body in the place of its own. It looks neither at answers to a HEAD
// nor at redirects, so it is told that the answer is the only one there is: that of a GET with status 200.
func (c *check) validate(body []byte, set func(*openapi3filter.Options)) {
	operation := *c.route.Operation
	operation.Responses = openapi3.NewResponses(openapi3.WithStatus(http.StatusOK, &openapi3.ResponseRef{Value: c.response}))
	route := *c.route
	route.Operation = &operation
	input := *c.input
	input.Request = &http.Request{Method: http.MethodGet, URL: c.input.Request.URL}
	input.Route = &route
	options := filterOptions
	set(&options)
	c.foundAll(Response, openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &input,
		Status:                 http.StatusOK,
		Header:                 c.exchange.ResponseHeader,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                &options,
	}))
}

// hasContent reports whether the answer is to have a body.
func (c *check) hasContent() bool {
	return c.response != nil && len(c.response.Content) > 0 && c.exchange.Method != http.MethodHead
}

func (c *check) isRedirect() bool { return c.exchange.Status/100 == 3 }
