package validator

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// responseHeaders belong to HTTP, whatever is said with it. The value is whether a header may be sent more than once.
// Proxies add others, see [Transport.Ignore].
var responseHeaders = map[string]bool{
	"Connection":        true, // this hop's affair
	"Content-Length":    false,
	"Content-Type":      false, // declared as the media types of the content, and compared with them
	"Date":              false,
	"Keep-Alive":        true,
	"Trailer":           true,
	"Transfer-Encoding": true,
}

// encodingHeaders belong to HTTP if the request accepts the encoding of the answer.
var encodingHeaders = map[string]bool{"Content-Encoding": true, "Vary": true}

// requestHeaders belong to HTTP: clients in all languages send them by themselves.
var requestHeaders = map[string]bool{
	"Accept": true, "Accept-Charset": true, "Accept-Encoding": true, "Accept-Language": true,
	"Authorization": false, // declared as a security scheme
	"Connection":    true, "Content-Length": false, "Content-Type": false, "Date": false, "Expect": false, "Host": false,
	"Http2-Settings": false, "Keep-Alive": true, "Sec-Fetch-Mode": false, "Te": true, "Trailer": true, "Transfer-Encoding": true,
	"Upgrade": true, "User-Agent": false,
}

const formType = "application/x-www-form-urlencoded"

func isForm(header http.Header) bool { return mediaType(header) == formType }

func isJSON(header http.Header) bool { return mediaType(header) == "application/json" }

// mediaType returns the Content-Type without its parameters.
func mediaType(header http.Header) string {
	name, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

// schemaOf returns what a body of this type is declared to be, or nil.
func schemaOf(content openapi3.Content, header http.Header) *openapi3.SchemaRef {
	if media := content.Get(header.Get("Content-Type")); media != nil {
		return media.Schema
	}
	return nil
}

// charset finds one that is not UTF-8.
func (c *check) charset(side Side, header http.Header) {
	_, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		c.found(side, "the Content-Type has a charset that is not UTF-8")
	}
}

// ignores reports whether the user wants to hear nothing of a header.
func (c *check) ignores(name string) bool { return slices.Contains(c.ignore, name) }

// acceptsEncoding reports whether the client has asked for the encoding of the answer, or for any if it has none.
func (c *check) acceptsEncoding() bool {
	got := c.exchange.ResponseHeader.Get("Content-Encoding")
	for _, list := range c.exchange.RequestHeader["Accept-Encoding"] {
		for asked := range strings.SplitSeq(list, ",") {
			name, quality, _ := strings.Cut(strings.TrimSpace(asked), ";")
			if got == "" || name == "*" || strings.EqualFold(name, got) {
				return strings.ReplaceAll(quality, " ", "") != "q=0"
			}
		}
	}
	return false
}
