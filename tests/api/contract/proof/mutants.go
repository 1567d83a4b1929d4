package proof

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A mutant is a document with one change that makes it stricter or takes something out of it. Changes that loosen it are
// not made: traffic that fits a strict document fits a loose one.
type mutant struct {
	place string // a JSON pointer
	what  string
	do    func()
	undo  func()
}

// String names the mutant.
func (m mutant) String() string { return m.place + ": " + m.what }

// mutants lists the changes there are to a document.
func mutants(document map[string]any) []mutant {
	var all []mutant
	visit("", document, func(place string, object map[string]any) {
		kind := kindOf(place)
		for name := range kind.removable {
			if _, ok := object[name]; ok {
				all = append(all, remove(place, object, name))
			}
		}
		if kind.members {
			for _, name := range slices.Sorted(maps.Keys(object)) {
				all = append(all, remove(place, object, name))
			}
		}
		if kind.operation {
			all = append(all, listMutants(place, object, "parameters")...)
		}
		if kind.requirable && object["required"] == nil && object["$ref"] == nil {
			all = append(all, set(place, "required", object, "required", true))
		}
		if object["type"] != nil || object["oneOf"] != nil {
			all = append(all, schemaMutants(place, object)...)
		}
	})
	return all
}

// A kind says what can be done at a place.
type kind struct {
	members    bool            // each member can go: statuses, headers, properties
	removable  map[string]bool // these members can go
	operation  bool            // it has a list of parameters
	requirable bool            // it can be made required
}

// kindOf tells the kind of the object at a pointer.
func kindOf(place string) kind {
	words := strings.Split(place, "/")[1:]
	if len(words) < 2 {
		return kind{}
	}
	inPaths, last := words[0] == "paths", words[len(words)-1]
	switch {
	case inPaths && len(words) == 2:
		return kind{removable: map[string]bool{"get": true, "head": true, "put": true, "post": true, "delete": true}}
	case inPaths && len(words) == 3:
		return kind{removable: map[string]bool{"requestBody": true}, operation: true}
	case inPaths && len(words) == 4 && last == "responses",
		!inPaths && len(words) == 4 && (last == "headers" || last == "content"),
		!inPaths && words[1] == "schemas" && last == "properties":
		return kind{members: true}
	case !inPaths && len(words) == 3 && (words[1] == "parameters" || words[1] == "headers"):
		return kind{requirable: true}
	default:
		return kind{}
	}
}

// schemaMutants change the type of a schema and narrow what it takes.
func schemaMutants(place string, schema map[string]any) []mutant {
	all := requiredMutants(place, schema)
	all = append(all, listMutants(place, schema, "enum")...)
	all = append(all, listMutants(place, schema, "oneOf")...)
	if schema["nullable"] == true {
		all = append(all, set(place, "not nullable", schema, "nullable", false))
	}
	if schema["additionalProperties"] != nil {
		all = append(all, remove(place, schema, "additionalProperties"))
	}
	if schema["format"] == "date-time" {
		all = append(all, set(place, "format date", schema, "format", "date"))
	}
	narrower := map[any]string{"string": "maxLength", "integer": "maximum", "number": "maximum", "array": "maxItems"}
	if limit := narrower[schema["type"]]; limit != "" {
		all = append(all, set(place, limit+" 0", schema, limit, json.Number("0")))
	}
	if other := otherType[schema["type"]]; other != nil {
		all = append(all, replace(place, "type "+fmt.Sprint(other["type"]), schema, other))
	}
	return all
}

// otherType is a schema that takes nothing of what the type takes.
var otherType = map[any]map[string]any{
	"string":  {"type": "integer"},
	"integer": {"type": "boolean"},
	"number":  {"type": "string"},
	"boolean": {"type": "integer"},
	"array":   {"type": "object"},
	"object":  {"type": "array", "items": map[string]any{}},
}

// requiredMutants make one more property required.
func requiredMutants(place string, schema map[string]any) []mutant {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	var all []mutant
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !slices.Contains(required, any(name)) {
			all = append(all, set(place, name+" required", schema, "required", append(slices.Clone(required), name)))
		}
	}
	return all
}

// listMutants take one item out of a list.
func listMutants(place string, schema map[string]any, list string) []mutant {
	items, _ := schema[list].([]any)
	var all []mutant
	for i, item := range items {
		what := "no " + list + " " + strconv.Itoa(i)
		switch item := item.(type) {
		case string:
			what = "no " + list + " " + item
		case map[string]any:
			if ref, ok := item["$ref"].(string); ok {
				what = "no " + list + " " + path.Base(ref)
			}
		}
		all = append(all, set(place, what, schema, list, slices.Delete(slices.Clone(items), i, i+1)))
	}
	return all
}
