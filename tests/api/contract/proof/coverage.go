package proof

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"

	"github.com/etcdv2/client/tests/validator"
	"github.com/getkin/kin-openapi/openapi3"
)

// A Kind is a kind of parts.
type Kind string

// The kinds, in the order of tables.
const (
	Operation Kind = "operation"
	Parameter Kind = "parameter" // in path and query, form fields, and fields of JSON that is sent
	Status    Kind = "status"    // of an operation
	Field     Kind = "field"     // of answers
	Header    Kind = "header"    // of answers
	MediaType Kind = "media type"
	Enum      Kind = "enum value"
)

// Kinds lists all kinds.
var Kinds = []Kind{Operation, Parameter, Status, Field, Header, MediaType, Enum}

// A Part is one thing that the description declares, such as the status "getKey 404".
type Part struct {
	Kind Kind
	Name string
}

// A Table tells of each part whether it was seen.
type Table map[Part]bool

// Measure goes through the traffic. A request that breaks the description shows no parameters.
func Measure(spec *validator.Spec, traffic []*validator.Exchange) Table {
	table := Table{}
	declare(table, spec.Document())
	for _, e := range traffic {
		if operation, item := spec.Route(e); operation != nil {
			table.exchange(spec, e, operation, item)
		}
	}
	return table
}

// see notes what was seen; what is not declared is a finding, and not for this table.
func (t Table) see(kind Kind, words ...string) {
	if part := (Part{kind, name(words)}); t.has(part) {
		t[part] = true
	}
}

func (t Table) has(part Part) bool {
	_, ok := t[part]
	return ok
}

func name(words []string) string {
	text := words[0]
	for _, word := range words[1:] {
		text += " " + word
	}
	return text
}

func (t Table) exchange(spec *validator.Spec, e *validator.Exchange, operation *openapi3.Operation, item *openapi3.PathItem) {
	t.see(Operation, operation.OperationID)
	if !breaks(spec, e) {
		t.request(e, operation, item)
	}
	ref := validator.ResponseFor(operation, e.Status)
	if ref == nil {
		return
	}
	t.see(Status, operation.OperationID, strconv.Itoa(e.Status))
	response := path.Base(ref.Ref)
	for header := range e.ResponseHeader {
		t.see(Header, response, header)
	}
	if e.Method == http.MethodHead {
		return
	}
	for mediaType, content := range ref.Value.Content {
		if ref.Value.Content.Get(e.ResponseHeader.Get("Content-Type")) != content {
			continue
		}
		t.see(MediaType, response, mediaType)
		for document := range validator.Documents(e.ResponseBody) {
			t.document(content.Schema, document)
		}
	}
}

// breaks reports whether the request is not as it should be.
func breaks(spec *validator.Spec, e *validator.Exchange) bool {
	for _, f := range spec.Check(e) {
		if f.Side == validator.Request {
			return true
		}
	}
	return false
}

func (t Table) request(e *validator.Exchange, operation *openapi3.Operation, item *openapi3.PathItem) {
	for _, parameter := range item.Parameters {
		t.see(Parameter, operation.OperationID, parameter.Value.Name) // in the path
	}
	for parameter := range e.URL.Query() {
		t.see(Parameter, operation.OperationID, parameter)
	}
	if operation.RequestBody == nil {
		return
	}
	if form, err := url.ParseQuery(string(e.RequestBody)); err == nil {
		for field := range form {
			t.see(Parameter, operation.OperationID, field)
		}
	}
	for _, content := range operation.RequestBody.Value.Content {
		for document := range validator.Documents(e.RequestBody) {
			validator.Walk(content.Schema, document, func(f validator.Field) {
				t.see(Parameter, operation.OperationID, f.Schema, f.Name)
			})
		}
	}
}

func (t Table) document(schema *openapi3.SchemaRef, document any) {
	validator.Walk(schema, document, func(f validator.Field) {
		t.see(Field, f.Schema, f.Name)
		if text, ok := f.Value.(string); ok && f.Property != nil && len(f.Property.Value.Enum) > 0 {
			t.see(Enum, enumName(f.Schema, f.Name, f.Property), text)
		}
	})
}

// Count returns how many parts of a kind there are, and how many were seen.
func (t Table) Count(kind Kind) (seen, all int) {
	for part, was := range t {
		if part.Kind != kind {
			continue
		}
		all++
		if was {
			seen++
		}
	}
	return seen, all
}

// Gaps returns the parts that were not seen.
func (t Table) Gaps() []Part {
	var gaps []Part
	for part, seen := range t {
		if !seen {
			gaps = append(gaps, part)
		}
	}
	return gaps
}

// String returns the part as one line.
func (p Part) String() string { return fmt.Sprintf("%s %s", p.Kind, p.Name) }
