package validator_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/validator"
)

const (
	form  = "application/x-www-form-urlencoded"
	event = `{"action":"set","node":{"key":"/a","value":"1","modifiedIndex":4,"createdIndex":4}}`
)

// A judged exchange is one of testdata/exchanges.txt, which says how it is written.
type judged struct {
	name, prefix    string
	wrong           bool
	found, missed   string
	request, answer message
}

type message struct {
	first  string
	header http.Header
	body   string
}

// Each exchange of the list differs from the description in one way, or in none.
func TestExchanges(t *testing.T) {
	right, wrong, missed := 0, 0, 0
	for _, j := range exchanges(t) {
		switch {
		case !j.wrong:
			right++
		case j.found == "":
			missed++
			fallthrough
		default:
			wrong++
		}
		if j.wrong == (j.found == "" && j.missed == "") {
			t.Errorf("%s: the list does not say what is to be found", j.name)
		}
		t.Run(j.name, j.check)
	}
	t.Logf("%d wrong exchanges, of which %d are missed, and %d right ones", wrong, missed, right)
	if right < 11 || wrong < 64 || missed > 3 {
		t.Error("the list is too short, or too much of it is missed")
	}
}

func (j judged) check(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil // or net/http makes one up
		for name, values := range j.answer.header {
			w.Header()[name] = values
		}
		status, err := strconv.Atoi(j.answer.first)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(j.answer.body)) // HEAD has none
	}))
	defer server.Close()
	var findings []validator.Finding
	var recorded []*validator.Exchange
	transport := &validator.Transport{
		Base: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, Spec: load(t), Prefix: j.prefix,
		Report: func(f validator.Finding) { findings = append(findings, f) },
		Record: func(e *validator.Exchange) { recorded = append(recorded, e) },
	}
	method, target, _ := strings.Cut(j.request.first, " ")
	exchange(t, transport, method, server.URL+target, j.request.header, j.request.body)
	switch {
	case j.found == "" && len(findings) == 0:
	case len(findings) != 1 || j.found == "" || !strings.Contains(findings[0].String(), j.found):
		t.Errorf("found %q, want %q", findings, j.found)
	}
	if again := transport.Spec.Check(recorded[0]); len(recorded) != 1 || !slices.Equal(again, findings) {
		t.Errorf("recorded, it has the findings %q", again)
	}
}

// exchanges reads the list.
func exchanges(t *testing.T) (all []judged) {
	t.Helper()
	text, err := os.ReadFile("testdata/exchanges.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		if word == "RIGHT" || word == "WRONG" {
			all = append(all, judged{name: rest, wrong: word == "WRONG"})
			continue
		}
		if len(all) == 0 || word == "" {
			continue
		}
		j := &all[len(all)-1]
		switch word {
		case "PREFIX":
			j.prefix = rest
		case "FOUND":
			j.found = rest
		case "MISSED":
			j.missed = rest
		case ">":
			j.request.first += rest + "\n"
		case "<":
			j.answer.first += rest + "\n"
		default:
			t.Fatalf("the list has the line %q", line)
		}
	}
	for i := range all {
		all[i].request.parse(t)
		all[i].answer.parse(t)
	}
	return all
}

var bytePattern = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// parse divides what has been read as the first line.
func (m *message) parse(t *testing.T) {
	head, body, _ := strings.Cut(strings.TrimSuffix(m.first, "\n"), "\n\n")
	lines := strings.Split(head, "\n")
	m.first, m.header = lines[0], http.Header{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		m.header.Add(name, value)
	}
	m.body = bytePattern.ReplaceAllStringFunc(body, func(escape string) string {
		b, err := strconv.ParseUint(escape[2:], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		return string([]byte{byte(b)})
	})
}
