package validator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/tests/validator"
)

const (
	form  = "application/x-www-form-urlencoded"
	event = `{"action":"set","node":{"key":"/a","value":"1","modifiedIndex":4,"createdIndex":4}}`
)

// Each exchange differs from the description in one way, or in none.
func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		method, target, body string
		contentType          string // of the request
		status               int
		header               string
		reply                string
		want                 string // a part of the only finding; "" for none
	}{
		"a write":                     {"PUT", "/v2/keys/a", "value=1&ttl=5", form, 201, "", event, ""},
		"a read":                      {"GET", "/v2/keys/a/b?recursive=true&waitIndex=7", "", "", 200, "X-Etcd-Index: 7", event, ""},
		"the root":                    {"GET", "/v2/keys/", "", "", 200, "", `{"action":"get","node":{"dir":true}}`, ""},
		"an error":                    {"GET", "/v2/keys/a", "", "", 404, "", `{"errorCode":100,"message":"Key not found","cause":"/a","index":7}`, ""},
		"a watch that brings nothing": {"GET", "/v2/keys/a?wait=true", "", "", 200, "", "", ""},
		"a question":                  {"HEAD", "/v2/keys/a", "", "", 404, "X-Etcd-Index: 7", "", ""},
		"a redirect":                  {"GET", "/v2/keys//a", "", "", 301, "Location: /v2/keys/a", "moved", ""},

		"a path":                   {"GET", "/v2/nothing", "", "", 200, "", event, "request GET /v2/nothing: no operation is declared"},
		"a method":                 {"PATCH", "/v2/keys/a", "", "", 405, "", "", "no operation is declared"},
		"a parameter":              {"GET", "/v2/keys/a?deep=true", "", "", 200, "", event, "the query parameter deep is not declared"},
		"a parameter twice":        {"GET", "/v2/keys/a?wait=true&wait=true", "", "", 200, "", event, "the query parameter wait is sent more than once"},
		"a boolean that is none":   {"GET", "/v2/keys/a?wait=1", "", "", 200, "", event, "the query parameter wait is neither true nor false"},
		"a number that is none":    {"GET", "/v2/keys/a?waitIndex=x", "", "", 200, "", event, "an invalid integer"},
		"a negative number":        {"GET", "/v2/keys/a?waitIndex=-1", "", "", 200, "", event, "at least 0"},
		"an empty condition":       {"DELETE", "/v2/keys/a?prevValue=", "", "", 200, "", event, "minimum string length is 1"},
		"a body of a DELETE":       {"DELETE", "/v2/keys/a", "prevValue=1", form, 200, "", event, "request body not allowed"},
		"no body":                  {"PUT", "/v2/keys/a", "", form, 201, "", event, "value is required"},
		"a form field":             {"PUT", "/v2/keys/a", "value=1&old=2", form, 201, "", event, "the form field old is not declared"},
		"a form field twice":       {"PUT", "/v2/keys/a", "value=1&value=2", form, 201, "", event, "the form field value is sent more than once"},
		"a JSON field":             {"PUT", "/v2/auth/roles/app", `{"role":"app","rights":{}}`, "application/json", 201, "", `{"role":"app","permissions":{"kv":{}}}`, "the field rights is not declared"},
		"no required JSON field":   {"PUT", "/v2/auth/roles/app", `{}`, "application/json", 201, "", `{"role":"app","permissions":{"kv":{}}}`, `property "role" is missing`},
		"a status":                 {"GET", "/v2/keys/a", "", "", 418, "", event, "response 418 to GET /v2/keys/a: the status is not declared"},
		"a status of a question":   {"HEAD", "/v2/keys/a", "", "", 418, "", "", "the status is not declared"},
		"a header":                 {"GET", "/v2/keys/a", "", "", 200, "X-Etcd-Color: red", event, "the header X-Etcd-Color is not declared"},
		"a header's type":          {"GET", "/v2/keys/a", "", "", 200, "X-Etcd-Index: red", event, `unable to decode header "X-Etcd-Index"`},
		"a header of a question":   {"HEAD", "/v2/keys/a", "", "", 200, "X-Etcd-Index: red", "", `unable to decode header "X-Etcd-Index"`},
		"a media type":             {"GET", "/v2/keys/a", "", "", 200, "Content-Type: text/html", "<p>", "Content-Type has unexpected value"},
		"a body":                   {"PUT", "/v2/auth/enable", "", "", 200, "", "{}", "the body is not declared"},
		"an empty body":            {"GET", "/v2/keys/a", "", "", 200, "", "", "the body is empty"},
		"half a body":              {"GET", "/v2/keys/a", "", "", 200, "", event[:20], "failed to decode"},
		"an enum value":            {"GET", "/v2/keys/a", "", "", 200, "", `{"action":"seize"}`, "one of the allowed values"},
		"a field":                  {"GET", "/v2/keys/a", "", "", 200, "", `{"action":"get","node":{"color":"red"}}`, "the field node.color is not declared"},
		"a field deep down":        {"GET", "/v2/keys/a", "", "", 200, "", `{"action":"get","node":{"nodes":[{},{"color":"red"}]}}`, "the field node.nodes.1.color is not declared"},
		"a field's type":           {"GET", "/v2/keys/a", "", "", 200, "", `{"action":"get","node":{"value":7}}`, "value must be a string"},
		"a field in alternatives":  {"GET", "/v2/auth/users", "", "", 200, "", `{"users":["bob",{"user":"eve","roles":[{"role":"r","color":1,"permissions":{"kv":{}}}]}]}`, "the field users.1.roles.0.color is not declared"},
		"a missing field":          {"GET", "/v2/keys/a", "", "", 200, "", `{"node":{}}`, `property "action" is missing`},
		"the second of two events": {"GET", "/v2/keys/a?wait=true&stream=true", "", "", 200, "", event + "\n" + `{"action":"seize"}`, "one of the allowed values"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if key, value, ok := strings.Cut(test.header, ": "); ok {
					w.Header().Set(key, value)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.reply) // HEAD has none
			}))
			defer server.Close()
			var findings []validator.Finding
			var recorded []*validator.Exchange
			transport := &validator.Transport{
				Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t),
				Report: func(f validator.Finding) { findings = append(findings, f) },
				Record: func(e *validator.Exchange) { recorded = append(recorded, e) },
			}
			exchange(t, transport, test.method, server.URL+test.target, test.contentType, test.body)
			switch {
			case test.want == "" && len(findings) == 0:
			case len(findings) != 1 || test.want == "" || !strings.Contains(findings[0].String(), test.want):
				t.Errorf("found %q, want %q", findings, test.want)
			}
			if again := transport.Spec.Check(recorded[0]); len(recorded) != 1 || !slices.Equal(again, findings) {
				t.Errorf("recorded, it has findings %q", again)
			}
		})
	}
}

// loaded is read once: it takes a while.
var loaded = sync.OnceValues(func() (*validator.Spec, error) { return validator.Load(api.Spec()) })

func load(t *testing.T) *validator.Spec {
	t.Helper()
	spec, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// exchange does one request and reads the answer to its end.
func exchange(t *testing.T, transport http.RoundTripper, method, url, contentType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(data)
}
