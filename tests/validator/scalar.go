package validator

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// scalarOf reads a text that is not JSON as its schema says, or says what is wrong with it.
func scalarOf(schema *openapi3.Schema, text string) (value any, wrong string) {
	switch {
	case !utf8.ValidString(text):
		return nil, "is not UTF-8"
	case schema.Type.Is("boolean"):
		if text != "true" && text != "false" {
			return nil, "is neither true nor false"
		}
		return text == "true", ""
	case schema.Type.Is("integer"):
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || strconv.FormatInt(n, 10) != text {
			return nil, "is not a 64-bit integer in decimal digits"
		}
		return json.Number(text), ""
	case schema.Type.Is("number"):
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return nil, "is not a number"
		}
		return json.Number(text), ""
	default:
		return text, ""
	}
}
