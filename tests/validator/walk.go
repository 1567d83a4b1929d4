package validator

import (
	"iter"
	"math"
	"path"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Field is one field of a JSON object, as [Walk] meets it.
type Field struct {
	Schema   string // the component that the object is described by, such as "Node"
	Name     string
	Path     string // where it stands in the document, such as "node.nodes.0.key"
	Value    any
	Property *openapi3.SchemaRef // what declares it, nil if nothing does
}

// Walk visits the fields of a decoded document, each with its place in the description. Where the description has
// alternatives, the first that fits is taken.
func Walk(schema *openapi3.SchemaRef, value any, visit func(Field)) { walk(schema, value, "", visit) }

func walk(schema *openapi3.SchemaRef, value any, at string, visit func(Field)) {
	schema = alternative(schema, value)
	if schema == nil {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			property, declared := schema.Value.Properties[name]
			if extra := schema.Value.AdditionalProperties.Schema; !declared && extra != nil {
				walk(extra, inner, join(at, name), visit)
				continue
			}
			visit(Field{path.Base(schema.Ref), name, join(at, name), inner, property})
			if declared {
				walk(property, inner, join(at, name), visit)
			}
		}
	case []any:
		for i, inner := range value {
			walk(schema.Value.Items, inner, join(at, strconv.Itoa(i)), visit)
		}
	}
}

// alternative returns what describes the value: the schema itself, or one that it names in oneOf.
func alternative(schema *openapi3.SchemaRef, value any) *openapi3.SchemaRef {
	if schema == nil || len(schema.Value.OneOf) == 0 {
		return schema
	}
	for _, one := range schema.Value.OneOf {
		if one.Value.VisitJSON(value) == nil {
			return one
		}
	}
	return nil
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// Documents yields the JSON documents of a body that are complete, decoded.
func Documents(body []byte) iter.Seq[any] {
	return func(yield func(any) bool) {
		s := splitter{most: math.MaxInt}
		for document := range s.split(body) {
			if value, _, err := decode(document); err == nil && !yield(value) {
				return
			}
		}
	}
}
