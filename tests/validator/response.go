package validator

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

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
	c.responseHeaders()
	c.mediaType()
	c.encoding()
}

// responseHeaders finds headers that are neither declared nor HTTP's own.
func (c *check) responseHeaders() {
	sent := c.exchange.ResponseHeader
	for _, name := range sorted(sent) {
		values := sent[name]
		declared := c.response.Headers[name]
		switch isList, own := responseHeaders[name]; {
		case c.ignores(name), len(values) == 0:
		case declared != nil:
			c.once(Response, "the header "+name, declared.Value.Schema, values)
		case len(values) > 1 && own && !isList:
			c.found(Response, "the header %s is sent more than once", name)
		case !own && (!encodingHeaders[name] || !c.acceptsEncoding()):
			c.found(Response, "the header %s is not declared", short(name))
		}
	}
	for _, name := range sorted(c.response.Headers) {
		declared := c.response.Headers[name]
		if declared.Value.Required && sent[name] == nil {
			c.found(Response, "the header %s is missing", name)
		}
	}
}

// mediaType compares the type of the body with those that are declared: for a HEAD, with those of the GET.
func (c *check) mediaType() {
	content := c.response.Content
	if c.exchange.Method == http.MethodHead {
		content = c.contentOfGet()
	}
	sent := c.exchange.ResponseHeader
	switch {
	case len(content) == 0, c.exchange.Method == http.MethodHead && sent.Get("Content-Type") == "":
		return
	case content.Get(sent.Get("Content-Type")) == nil:
		c.found(Response, "the media type %s is not declared", short(mediaType(sent)))
		c.unread = true
	default:
		c.charset(Response, sent)
		c.schema = schemaOf(content, sent)
	}
}

// contentOfGet returns what the GET of the same path may answer with the same status.
func (c *check) contentOfGet() openapi3.Content {
	if get := c.route.PathItem.Get; get != nil {
		if ref := ResponseFor(get, c.exchange.Status); ref != nil {
			return ref.Value.Content
		}
	}
	return nil
}

// encoding begins to decode the body if that is encoded.
func (c *check) encoding() {
	name := c.exchange.ResponseHeader.Get("Content-Encoding")
	if name == "" || !c.hasContent() || c.unread {
		return
	}
	open := encodings[strings.ToLower(name)]
	if open == nil {
		c.unread = true
		if c.acceptsEncoding() { // or found among the headers
			c.found(Response, "the body has the encoding %s and was not checked", short(name))
		}
		return
	}
	c.decoder = newDecoder(open)
}

// body checks documents as far as they have come.
func (c *check) body(data []byte) {
	switch {
	case len(data) == 0, c.response == nil, c.unread, c.isRedirect():
	case !c.hasContent():
		c.found(Response, "a body is not declared")
	case c.decoder != nil:
		c.decoder.write(data, c.text)
	default:
		c.text(data)
	}
}

// text checks documents of a body without encoding.
func (c *check) text(data []byte) {
	if !isJSON(c.exchange.ResponseHeader) {
		c.splitter.keep(data)
		return
	}
	for document := range c.splitter.split(data) {
		c.answer(document)
	}
}

// end checks what can be said only when everything has come.
func (c *check) end() {
	if c.decoder != nil {
		if err := c.decoder.close(c.text); err != nil && !c.exchange.Cut {
			c.found(Response, "the body does not have the encoding that Content-Encoding names")
			return
		}
	}
	if !c.hasContent() || c.exchange.Cut || c.unread || c.isRedirect() {
		return
	}
	rest := c.splitter.rest()
	switch {
	case !isJSON(c.exchange.ResponseHeader):
		c.plain(rest)
	case len(bytes.TrimSpace(rest)) > 0 || c.splitter.tooLong:
		c.answer(rest)
	case c.documents == 0 && !c.exchange.isWatch():
		c.found(Response, "the body is empty")
	}
}

// answer checks one JSON document: a body is one, and a stream's is many.
func (c *check) answer(document []byte) {
	c.documents++
	switch {
	case c.documents == 2 && !c.exchange.isStream():
		c.found(Response, "the body has something behind its JSON document")
	case c.documents > 1 && !c.exchange.isStream():
	case c.splitter.tooLong:
		c.splitter.tooLong = false
		c.found(Response, "the body has more than %d bytes in one document, which was not checked", c.most)
	default:
		c.document(Response, c.schema, document)
	}
}

// plain checks a body that is not JSON.
func (c *check) plain(text []byte) {
	switch {
	case c.splitter.tooLong:
		c.found(Response, "the body has more than %d bytes and was not checked", c.most)
	case !utf8.Valid(text):
		c.found(Response, "the body is not UTF-8")
	default:
		c.scalar(Response, "the body", c.schema, string(text))
	}
}

// hasContent reports whether the answer is to have a body.
func (c *check) hasContent() bool {
	return c.response != nil && len(c.response.Content) > 0 && c.exchange.Method != http.MethodHead
}

func (c *check) isRedirect() bool { return c.exchange.Status/100 == 3 }
