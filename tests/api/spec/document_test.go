package spec

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A document is the description in three views: the text, the model with its references resolved, and a flat list of
// its objects by JSON pointer, where references stay references.
type document struct {
	text    string
	model   *openapi3.T
	objects []object
}

// An object is one JSON object of the document. The document itself has the empty pointer.
type object struct {
	pointer string
	fields  map[string]any
}

func parse(t *testing.T, text string) document {
	t.Helper()
	model, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatalf("load the document: %v", err)
	}
	return document{text: text, model: model, objects: objectsOf(t, model)}
}

func objectsOf(t *testing.T, model *openapi3.T) []object {
	t.Helper()
	data, err := json.Marshal(model)
	if err != nil {
		t.Fatalf("marshal the document: %v", err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatalf("unmarshal the document: %v", err)
	}
	return flatten("", tree)
}

// flatten lists the objects of a tree, each before those inside it, in the order of their names. It leaves out the
// values of examples: they are data, and may use any name.
func flatten(pointer string, tree any) []object {
	var objects []object
	switch tree := tree.(type) {
	case map[string]any:
		objects = append(objects, object{pointer, tree})
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			if name != "example" && !isExampleValue(pointer, name) {
				objects = append(objects, flatten(pointer+"/"+escape(name), tree[name])...)
			}
		}
	case []any:
		for i, item := range tree {
			objects = append(objects, flatten(pointer+"/"+strconv.Itoa(i), item)...)
		}
	}
	return objects
}

func isExampleValue(pointer, name string) bool {
	return name == "value" && strings.HasPrefix(pointer, "/components/examples/")
}

// An answer is one status that an operation declares.
type answer struct {
	pointer  string
	method   string
	status   string
	response *openapi3.Response
}

func (d document) answers() []answer {
	var answers []answer
	for path, item := range d.model.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				pointer := "/paths/" + escape(path) + "/" + strings.ToLower(method) + "/responses/" + status
				answers = append(answers, answer{pointer, method, status, response.Value})
			}
		}
	}
	return answers
}

// escape writes a name as a token of a JSON pointer.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// isReference reports whether the object only says where the real one is.
func (o object) isReference() bool {
	_, ok := o.fields["$ref"]
	return ok
}

// lacks reports whether the field is missing, not text, or nothing but space.
func (o object) lacks(field string) bool {
	text, ok := o.fields[field].(string)
	return !ok || strings.TrimSpace(text) == ""
}
