package proof

import (
	"fmt"
	"path"

	"github.com/getkin/kin-openapi/openapi3"
)

// declare puts all that the document declares into the table, as not seen.
func declare(t Table, doc *openapi3.T) {
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			t.operation(operation, item)
		}
	}
}

func (t Table) add(kind Kind, words ...string) { t[Part{kind, name(words)}] = false }

func (t Table) operation(operation *openapi3.Operation, item *openapi3.PathItem) {
	id := operation.OperationID
	t.add(Operation, id)
	for _, parameters := range []openapi3.Parameters{item.Parameters, operation.Parameters} {
		for _, parameter := range parameters {
			t.add(Parameter, id, parameter.Value.Name)
		}
	}
	if operation.RequestBody != nil {
		for mediaType, content := range operation.RequestBody.Value.Content {
			fields(content.Schema, map[string]bool{}, func(schema, field string, _ *openapi3.SchemaRef) {
				if mediaType == "application/json" {
					t.add(Parameter, id, schema, field)
				} else {
					t.add(Parameter, id, field)
				}
			})
		}
	}
	for status, ref := range operation.Responses.Map() {
		t.add(Status, id, status)
		t.response(path.Base(ref.Ref), ref.Value)
	}
}

func (t Table) response(response string, value *openapi3.Response) {
	for header := range value.Headers {
		t.add(Header, response, header)
	}
	for mediaType, content := range value.Content {
		t.add(MediaType, response, mediaType)
		fields(content.Schema, map[string]bool{}, func(schema, field string, property *openapi3.SchemaRef) {
			t.add(Field, schema, field)
			for _, value := range property.Value.Enum {
				t.add(Enum, enumName(schema, field, property), fmt.Sprint(value))
			}
		})
	}
}

// enumName names a list of values: as the component that it is, or as the field that has it.
func enumName(schema, field string, property *openapi3.SchemaRef) string {
	if property.Ref == "" {
		return schema + " " + field
	}
	return path.Base(property.Ref)
}

// fields visits the properties that a schema and those inside it declare. Each component is visited once.
func fields(schema *openapi3.SchemaRef, visited map[string]bool, visit func(schema, field string, property *openapi3.SchemaRef)) {
	if schema == nil || visited[schema.Ref] {
		return
	}
	if schema.Ref != "" {
		visited[schema.Ref] = true
	}
	for field, property := range schema.Value.Properties {
		visit(path.Base(schema.Ref), field, property)
		fields(property, visited, visit)
	}
	fields(schema.Value.Items, visited, visit)
	fields(schema.Value.AdditionalProperties.Schema, visited, visit)
	for _, one := range schema.Value.OneOf {
		fields(one, visited, visit)
	}
}
