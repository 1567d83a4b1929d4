package validator

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
)

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

// decode reads one JSON document as kin-openapi does.
func decode(document []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}
