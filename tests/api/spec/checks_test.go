package spec

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func valid(d document) []finding {
	err := d.model.Validate(openapi3.NewLoader().Context, openapi3.EnableExamplesValidation())
	if err != nil {
		return []finding{{"", err.Error()}}
	}
	return nil
}

// has checks that places of one kind have a text of that name.
func has(field string, places *regexp.Regexp) func(document) []finding {
	return each(places, func(o object) string {
		if o.lacks(field) {
			return "no " + field
		}
		return ""
	})
}

var release = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

func hasRelease(places *regexp.Regexp) func(document) []finding {
	return each(places, func(o object) string {
		if since, _ := o.fields["x-etcd-since"].(string); !release.MatchString(since) {
			return fmt.Sprintf("x-etcd-since is %q, want a release such as 2.3.0", since)
		}
		return ""
	})
}

func uniqueIDs(d document) []finding {
	seen := map[any]string{}
	return each(operations, func(o object) string {
		id := o.fields["operationId"]
		first, known := seen[id]
		seen[id] = o.pointer
		switch {
		case o.lacks("operationId"):
			return "no operationId"
		case known:
			return fmt.Sprintf("operationId %v is taken by %s", id, first)
		default:
			return ""
		}
	})(d)
}

var number = regexp.MustCompile(`^[1-5]\d\d$`)

func numberedStatuses(d document) []finding {
	var findings []finding
	for _, a := range d.answers() {
		if !number.MatchString(a.status) {
			findings = append(findings, finding{a.pointer, "the status is no number"})
		}
	}
	return findings
}

// oneError looks at what the operations answer with statuses from 400 on: JSON is an EtcdError, and anything else is text.
func oneError(d document) []finding {
	var findings []finding
	for _, a := range d.answers() {
		switch {
		case a.status < "400":
		case a.method == http.MethodHead && len(a.response.Content) > 0:
			findings = append(findings, finding{a.pointer, "a HEAD has no body"})
		default:
			findings = append(findings, contentFindings(a.pointer, a.response.Content)...)
		}
	}
	return findings
}

func contentFindings(pointer string, content openapi3.Content) []finding {
	var findings []finding
	for mediaType, body := range content {
		switch {
		case mediaType == "text/plain":
		case mediaType != "application/json":
			findings = append(findings, finding{pointer, "errors are JSON or text, not " + mediaType})
		case body.Schema == nil || body.Schema.Ref != "#/components/schemas/EtcdError":
			findings = append(findings, finding{pointer, "the schema is not #/components/schemas/EtcdError"})
		}
	}
	return findings
}

// hasExamples looks at what JSON there is to send and to receive: what has no example is not checked by any.
var hasExamples = each(jsonBodies, func(o object) string {
	if examples, _ := o.fields["examples"].(map[string]any); len(examples) == 0 {
		return "no examples"
	}
	return ""
})

// usedExamples looks for examples that no body shows, and that are therefore not compared with a schema.
func usedExamples(d document) []finding {
	used := map[any]bool{}
	for _, o := range d.objects {
		used[o.fields["$ref"]] = true
	}
	return each(examples, func(o object) string {
		if !used["#"+o.pointer] {
			return "no body shows it"
		}
		return ""
	})(d)
}

func ownExtensions(d document) []finding {
	return each(everything, func(o object) string {
		for name := range o.fields {
			if strings.HasPrefix(name, "x-") && !strings.HasPrefix(name, "x-etcd-") {
				return name + " belongs into an overlay"
			}
		}
		return ""
	})(d)
}

func noLimits(d document) []finding {
	return each(everything, func(o object) string {
		for _, name := range []string{"maximum", "pattern", "default"} {
			if _, ok := o.fields[name]; ok && o.fields["type"] != nil {
				return name + " is for words, not for a keyword"
			}
		}
		if o.fields["format"] == "uint64" {
			return "format uint64 falls back to 32 bits where it is not known"
		}
		return ""
	})(d)
}

var anchor = regexp.MustCompile(`(:|-) [&*]\w+$`)

func noAnchors(d document) []finding {
	var findings []finding
	for i, line := range strings.Split(d.text, "\n") {
		if anchor.MatchString(line) {
			findings = append(findings, finding{"", fmt.Sprintf("line %d has an anchor or alias of YAML", i+1)})
		}
	}
	return findings
}

// each applies a check to all places of a kind; an empty text means that there is nothing to say. References are passed
// over, as the check meets what they point to.
func each(places *regexp.Regexp, check func(object) string) func(document) []finding {
	return func(d document) []finding {
		var findings []finding
		for _, o := range d.objects {
			if o.isReference() || !places.MatchString(o.pointer) {
				continue
			}
			if text := check(o); text != "" {
				findings = append(findings, finding{o.pointer, text})
			}
		}
		return findings
	}
}
