// Package story replays on a real server what the examples of api/openapi.yaml tell, and compares the answers with
// them, their indexes included.
package story

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/description"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/getkin/kin-openapi/openapi3"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// Most examples come from etcd 2.3.8: later releases do not let a directory live longer, which the story does.
func TestExamplesAreTrue(t *testing.T) {
	told := map[string]bool{}
	for name, story := range map[string]struct {
		server []etcdtest.Option
		steps  []step
	}{
		"2.3.8": {[]etcdtest.Option{etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23))}, slices.Concat(keys, members, auth)},
		"3.5":   {nil, since3},
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t, story.server)
			for _, s := range story.steps {
				server.tell(t, s)
				if s.example != "" {
					told[s.example] = true
				}
			}
		})
	}
	t.Logf("%d of %d examples are told", len(told), len(description.Load(t).Components.Examples))
}

// A step that has another answer than its example is found.
func TestAnotherAnswerIsFound(t *testing.T) {
	for _, lie := range []string{
		strings.Replace(aNode, "10.0.0.7", "10.0.0.8", 1), strings.Replace(aNode, "5", "6", 1),
		strings.Replace(aNode, `"ttl":60,`, "", 1), strings.Replace(aNode, "2026-", "", 1), strings.Replace(aNode, `"expiration"`, `"x"`, 1),
	} {
		if reflect.DeepEqual(comparable(lie), comparable(aNode)) {
			t.Errorf("%s is taken for %s", lie, aNode)
		}
	}
	if later := strings.Replace(aNode, "2026", "2027", 1); !reflect.DeepEqual(comparable(later), comparable(aNode)) {
		t.Errorf("%s is not taken for %s", later, aNode)
	}
}

const aNode = `{"value":"10.0.0.7","expiration":"2026-11-22T18:58:37.199564596Z","ttl":60,"modifiedIndex":5}`

// A server is a new etcd, as lonely as that of the story, and what is said of it.
type server struct {
	endpoint string
	model    *openapi3.T
}

func start(t *testing.T, options []etcdtest.Option) *server {
	t.Helper()
	s := &server{etcdtest.Start(t, options...).Endpoints()[0], description.Load(t)}
	live.Eventually(t, "the members have agreed on a version", func() bool {
		status, _ := s.send(t, step{request: "GET /v2/auth/enable"})
		return status == http.StatusOK
	})
	return s
}

// tell sends a request, as often as the step says, and compares the answer with an example.
func (s *server) tell(t *testing.T, told step) {
	t.Helper()
	for range max(told.times, 1) - 1 {
		s.send(t, told)
	}
	status, answer := s.send(t, told)
	switch {
	case told.example == "":
		if status >= 300 {
			t.Fatalf("%s: status %d, %s", told.request, status, answer)
		}
	case !reflect.DeepEqual(comparable(answer), comparable(s.example(t, told.example))):
		t.Errorf("%s: status %d\n got %s\nwant %s", told.request, status, answer, s.example(t, told.example))
	case !s.shows(told, status):
		t.Errorf("%s: the description does not show %s for status %d", told.request, told.example, status)
	}
}

func (s *server) send(t *testing.T, told step) (status int, answer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	method, path, _ := strings.Cut(told.request, " ")
	req, err := http.NewRequestWithContext(ctx, method, s.endpoint+path, strings.NewReader(told.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", told.contentType())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// example returns an example's value as JSON, or as the text that it is.
func (s *server) example(t *testing.T, name string) string {
	t.Helper()
	example := s.model.Components.Examples[name]
	if example == nil {
		t.Fatalf("there is no example %s", name)
	}
	if text, ok := example.Value.Value.(string); ok {
		return text
	}
	value, err := json.Marshal(example.Value.Value)
	if err != nil {
		t.Fatal(err)
	}
	return string(value)
}

// shows reports whether the operation of the request has the example at that status.
func (s *server) shows(told step, status int) bool {
	method, target, _ := strings.Cut(told.request, " ")
	path, _, _ := strings.Cut(target, "?")
	operation := s.model.Paths.Find(template(path)).GetOperation(method)
	response := operation.Responses.Value(strconv.Itoa(status))
	if response == nil {
		return false
	}
	for _, body := range response.Value.Content {
		for _, shown := range body.Examples {
			if shown.Ref == "#/components/examples/"+told.example {
				return true
			}
		}
	}
	return false
}

// template returns the path as the description has it.
func template(path string) string {
	for _, parent := range []struct{ path, name string }{
		{"/v2/keys/", "{key}"}, {"/v2/members/", "{id}"}, {"/v2/auth/users/", "{user}"}, {"/v2/auth/roles/", "{role}"},
	} {
		if rest, ok := strings.CutPrefix(path, parent.path); ok && rest != "" {
			return parent.path + parent.name
		}
	}
	return path
}

// comparable turns JSON into what can be compared, with every time of expiry the same, and leaves text alone.
func comparable(text string) any {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	forgetTimes(value)
	return value
}

func forgetTimes(value any) {
	switch value := value.(type) {
	case map[string]any:
		if at, ok := value["expiration"]; ok {
			_, err := time.Parse(time.RFC3339Nano, fmt.Sprint(at))
			value["expiration"] = err
		}
		for _, field := range value {
			forgetTimes(field)
		}
	case []any:
		for _, item := range value {
			forgetTimes(item)
		}
	}
}
