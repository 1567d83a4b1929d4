package story

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"slices"
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
	etcd23 := etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23))
	for name, story := range map[string]struct {
		server []etcdtest.Option
		steps  []step
	}{
		"2.3.8":      {[]etcdtest.Option{etcd23}, slices.Concat(keys, members, auth)},
		"membership": {[]etcdtest.Option{etcd23, etcdtest.WithMembers(3)}, membership},
		"3.5":        {nil, since3},
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

// Each operation has a sample, whose answer is known.
func TestOperationsHaveSamples(t *testing.T) {
	model := description.Load(t)
	samples := Samples(model)
	for path, item := range model.Paths.Map() {
		for method, operation := range item.Operations() {
			if len(samples[operation.OperationID]) == 0 {
				t.Errorf("%s %s has no sample: mark a step", method, path)
			}
		}
	}
	for operation, samples := range samples {
		for _, sample := range samples {
			if strings.HasPrefix(sample.Status, "0 ") {
				t.Errorf("%s: no status shows the example %s", operation, sample.Example)
			}
		}
	}
}

// A step that has another answer than its example is found.
func TestAnotherAnswerIsFound(t *testing.T) {
	for _, lie := range []string{
		strings.Replace(aNode, "10.0.0.7", "10.0.0.8", 1), strings.Replace(aNode, "5", "6", 1),
		strings.Replace(aNode, `"ttl":60,`, "", 1), strings.Replace(aNode, `"ttl":60`, `"ttl":50`, 1),
		strings.Replace(aNode, "2026-", "", 1), strings.Replace(aNode, `"expiration"`, `"x"`, 1),
	} {
		if reflect.DeepEqual(comparable(lie), comparable(aNode)) {
			t.Errorf("%s is taken for %s", lie, aNode)
		}
	}
	later := strings.NewReplacer("2026", "2027", `"ttl":60`, `"ttl":58`).Replace(aNode)
	if !reflect.DeepEqual(comparable(later), comparable(aNode)) {
		t.Errorf("%s is not taken for %s", later, aNode)
	}
}

const aNode = `{"value":"10.0.0.7","expiration":"2026-11-22T18:58:37.199564596Z","ttl":60,"modifiedIndex":5}`

// A server is a new etcd, as lonely as that of the story, and what is said of it.
type server struct {
	endpoint string
	model    *openapi3.T
	shell    *shell // nil without curl
	added    string // the id of the member that was added
}

func start(t *testing.T, options []etcdtest.Option) *server {
	t.Helper()
	s := &server{endpoint: etcdtest.Start(t, options...).Endpoints()[0], model: description.Load(t)}
	s.shell = newShell(t, s.endpoint)
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
	status, answer := s.ask(t, told)
	operation := told.operation(s.model)
	switch {
	case told.example == "":
		if status >= 300 || told.status != 0 && status != told.status {
			t.Fatalf("%s: status %d, %s", told.request, status, answer)
		}
	case !told.shownAt(operation, status):
		t.Errorf("%s: the description does not show %s for status %d, %s", told.request, told.example, status, answer)
	case told.fits:
		if err := fits(operation.Responses.Status(status).Value, answer); err != nil {
			t.Errorf("%s: %v in %s", told.request, err, answer)
		}
	case !reflect.DeepEqual(comparable(answer), comparable(s.example(t, told.example))):
		t.Errorf("%s: status %d\n got %s\nwant %s", told.request, status, answer, s.example(t, told.example))
	}
	if told.example == "MemberAdded" {
		s.added = comparable(answer).(map[string]any)["id"].(string)
	}
}

// ask sends a request: a sample by its command, as it is written, and others from here.
func (s *server) ask(t *testing.T, told step) (status int, answer string) {
	t.Helper()
	if !told.sample || s.shell == nil {
		return s.send(t, told)
	}
	return s.shell.run(t, strings.ReplaceAll(told.curl(told.operation(s.model)), addedID, cmp.Or(s.added, addedID)))
}

// fits checks an answer against its schema. Text has none worth the name.
func fits(response *openapi3.Response, answer string) error {
	body := response.Content.Get("application/json")
	if body == nil {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(answer), &value); err != nil {
		return err
	}
	return body.Schema.Value.VisitJSON(value)
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

// comparable turns JSON into what can be compared, and leaves text alone. Every time of expiry is the same, and a ttl may
// be some seconds lower on a slow machine.
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
		if ttl, ok := value["ttl"].(float64); ok {
			value["ttl"] = 10 * math.Ceil(ttl/10)
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
