package validator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// request checks everything about the request, and finds the operation.
func (c *check) request() {
	e := c.exchange
	route, inPath, err := c.spec.route(e)
	if err != nil {
		c.found(Request, "no operation is declared for this method and path")
		return
	}
	c.route = route
	if path, err := url.PathUnescape(sentPath(e.URL)); err != nil {
		c.found(Request, "the path has a broken escape")
	} else if !utf8.ValidString(path) {
		c.found(Request, "the path is not UTF-8")
	}
	query, err := url.ParseQuery(e.URL.RawQuery)
	if err != nil {
		c.found(Request, "the query has a broken escape or a semicolon")
	}
	c.parameters(openapi3.ParameterInQuery, "the query parameter ", query)
	for _, p := range c.declared(openapi3.ParameterInPath) {
		text, err := url.PathUnescape(inPath[p.Name])
		if err == nil && utf8.ValidString(text) { // or found above
			c.scalar(Request, "the path parameter "+p.Name, p.Schema, text)
		}
	}
	c.requestHeaders()
	c.requestBody()
}

// declared returns the operation's parameters of one place.
func (c *check) declared(in string) map[string]*openapi3.Parameter {
	all := map[string]*openapi3.Parameter{}
	for _, list := range []openapi3.Parameters{c.route.PathItem.Parameters, c.route.Operation.Parameters} {
		for _, p := range list {
			if p.Value.In == in {
				all[p.Value.Name] = p.Value
			}
		}
	}
	return all
}

// parameters finds what is not declared, sent twice, missing, or has another type.
func (c *check) parameters(in, what string, sent map[string][]string) {
	declared := c.declared(in)
	for _, name := range sorted(sent) {
		values := sent[name]
		p := declared[name]
		if p == nil {
			c.found(Request, "%s%s is not declared", what, short(name))
			continue
		}
		c.once(Request, what+name, p.Schema, values)
	}
	for _, name := range sorted(declared) {
		p := declared[name]
		if p.Required && sent[name] == nil {
			c.found(Request, "%s%s is missing", what, name)
		}
	}
}

// once looks at the values of one name, of which there should be one.
func (c *check) once(side Side, what string, schema *openapi3.SchemaRef, values []string) {
	if len(values) > 1 {
		c.found(side, "%s is sent more than once", what)
	}
	if len(values) > 0 {
		c.scalar(side, what, schema, values[0])
	}
}

// requestHeaders finds headers that are neither declared nor HTTP's own.
func (c *check) requestHeaders() {
	declared := map[string]*openapi3.Parameter{}
	for name, p := range c.declared(openapi3.ParameterInHeader) {
		declared[http.CanonicalHeaderKey(name)] = p
		if p.Required && c.exchange.RequestHeader[http.CanonicalHeaderKey(name)] == nil {
			c.found(Request, "the header %s is missing", name)
		}
	}
	for _, name := range sorted(c.exchange.RequestHeader) {
		values := c.exchange.RequestHeader[name]
		p := declared[name]
		switch isList, own := requestHeaders[name]; {
		case c.ignores(name), len(values) == 0: // net/http sends nothing
		case p != nil:
			c.once(Request, "the header "+name, p.Schema, values)
		case !own:
			c.found(Request, "the header %s is not declared", short(name))
		case len(values) > 1 && !isList:
			c.found(Request, "the header %s is sent more than once", name)
		case name == "Authorization":
			c.credentials(values[0])
		}
	}
}

// credentials finds those that no declared scheme can read.
func (c *check) credentials(sent string) {
	scheme, token, _ := strings.Cut(sent, " ")
	declared := false
	if components := c.spec.doc.Components; components != nil {
		for _, s := range components.SecuritySchemes {
			declared = declared || s.Value.Type == "http" && strings.EqualFold(s.Value.Scheme, scheme)
		}
	}
	pair, err := base64.StdEncoding.DecodeString(token)
	switch isPair := err == nil && strings.Contains(string(pair), ":"); {
	case !declared:
		c.found(Request, "the credentials have a scheme that is not declared")
	case strings.EqualFold(scheme, "basic") && !isPair:
		c.found(Request, "the credentials are not a name and a password in base64")
	}
}

// requestBody compares a body with what is declared for its type.
func (c *check) requestBody() {
	declared, body := c.route.Operation.RequestBody, c.exchange.RequestBody
	switch {
	case declared == nil && len(body) > 0:
		c.found(Request, "a body is not declared")
		return
	case declared == nil:
		return
	case len(body) == 0 && declared.Value.Required:
		c.found(Request, "the body is missing")
		return
	case len(body) == 0, len(c.exchange.RequestHeader["Content-Encoding"]) > 0: // it cannot be read; the header is reported
		return
	}
	schema := schemaOf(declared.Value.Content, c.exchange.RequestHeader)
	switch {
	case schema == nil:
		c.found(Request, "the media type of the body is not declared")
	case c.exchange.requestCut:
		c.found(Request, "the body is longer than %d bytes and was not checked", c.most)
	case isForm(c.exchange.RequestHeader):
		c.form(schema.Value)
	default:
		c.charset(Request, c.exchange.RequestHeader)
		c.document(Request, schema, body)
	}
}

// form compares the fields of a form with their schemas.
func (c *check) form(schema *openapi3.Schema) {
	form, err := url.ParseQuery(string(c.exchange.RequestBody))
	if err != nil {
		c.found(Request, "the form has a broken escape or a semicolon")
	}
	for _, name := range sorted(form) {
		values := form[name]
		if field := schema.Properties[name]; field != nil {
			c.once(Request, "the form field "+name, field, values)
		} else {
			c.found(Request, "the form field %s is not declared", short(name))
		}
	}
	for _, name := range schema.Required {
		if form[name] == nil {
			c.found(Request, "the form field %s is missing", name)
		}
	}
}
