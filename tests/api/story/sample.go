package story

import (
	"cmp"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Sample is a request as a command for a shell, and its answer.
type Sample struct {
	Curl    string `json:"curl"`
	Status  string `json:"status"`  // of the answer, as HTTP has it: 201 Created
	Example string `json:"example"` // the name of one that the answer is like; empty if the answer has no body
}

// Samples returns the samples of each operation, by its name in the description.
func Samples(model *openapi3.T) map[string][]Sample {
	all := map[string][]Sample{}
	for _, s := range slices.Concat(keys, members, membership, auth, since3, until2) {
		if operation := s.operation(model); s.sample {
			status := cmp.Or(s.status, s.statusOf(operation))
			sample := Sample{s.curl(operation), strconv.Itoa(status) + " " + http.StatusText(status), s.example}
			all[operation.OperationID] = append(all[operation.OperationID], sample)
		}
	}
	return all
}

// operation returns what the description says of the request.
func (s step) operation(model *openapi3.T) *openapi3.Operation {
	method, target, _ := strings.Cut(s.request, " ")
	path, _, _ := strings.Cut(target, "?")
	return model.Paths.Find(template(path)).GetOperation(method)
}

// template returns the path as the description has it.
func template(path string) string {
	for _, parent := range []struct{ path, name string }{
		{"/v2/keys/", "{key}"}, {"/v2/members/", "{id}"}, {"/v2/auth/users/", "{user}"}, {"/v2/auth/roles/", "{role}"},
	} {
		if rest, ok := strings.CutPrefix(path, parent.path); ok && rest != "" && path != "/v2/members/leader" {
			return parent.path + parent.name
		}
	}
	return path
}

// statusOf returns the first status at which the operation shows the example, or 0.
func (s step) statusOf(operation *openapi3.Operation) int {
	for _, status := range slices.Sorted(maps.Keys(operation.Responses.Map())) {
		if number, err := strconv.Atoi(status); err == nil && s.shownAt(operation, number) {
			return number
		}
	}
	return 0
}

// shownAt reports whether the operation shows the example at that status.
func (s step) shownAt(operation *openapi3.Operation, status int) bool {
	response := operation.Responses.Status(status)
	if response == nil {
		return false
	}
	for _, body := range response.Value.Content {
		for _, shown := range body.Examples {
			if shown.Ref == "#/components/examples/"+s.example {
				return true
			}
		}
	}
	return false
}

// curl returns the request as a command for a shell. What root alone may do has root's credentials.
func (s step) curl(operation *openapi3.Operation) string {
	method, target, _ := strings.Cut(s.request, " ")
	words := []string{"curl"}
	switch {
	case method == http.MethodHead:
		words = append(words, "--head")
	case method != http.MethodGet && (method != http.MethodPost || s.body == ""):
		words = append(words, "-X", method)
	}
	if refusal := operation.Responses.Value("401"); refusal != nil && refusal.Ref == "#/components/responses/RootOnly" {
		words = append(words, "-u", "root:secret")
	}
	if s.body != "" {
		if s.contentType() == "application/json" {
			words = append(words, "-H", "Content-Type: application/json")
		}
		words = append(words, "-d", s.body)
	}
	for i, word := range words {
		words[i] = quoted(word)
	}
	command, url := strings.Join(words, " "), quoted("http://"+sampleHost+target)
	if len(command)+len(url) > sampleWidth {
		command += " \\\n "
	}
	return command + " " + url
}

// sampleWidth is how many characters the reference shows of a line.
const sampleWidth = 45

// sampleHost is the server that samples ask: the default of the description, and of etcd.
const sampleHost = "127.0.0.1:2379"

var plain = regexp.MustCompile(`^[\w./:=-]+$`)

// quoted returns a word as a shell reads it. No word of the story has a quote in it.
func quoted(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + word + "'"
}
