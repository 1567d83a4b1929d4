package validator_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/validator"
)

const eventType = "application/json"

// answering is a server that gives one answer, whatever it is asked.
func answering(t *testing.T, body string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", eventType)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server
}

// A value can be a secret, wherever it stands.
func TestFindingsHaveNoValues(t *testing.T) {
	const secret = "hunter2"
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	form, json := header("Content-Type", form), header("Content-Type", eventType)
	for _, e := range []*validator.Exchange{
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a", RawQuery: "waitIndex=" + secret}},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a", RawQuery: "wait=%" + secret}},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a", RawQuery: "x=" + secret}},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a"}, RequestHeader: header("Authorization", secret)},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a"}, RequestHeader: header("Authorization", "Basic root:"+secret)},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a"}, RequestHeader: header("Cookie", secret, "Cookie", secret)},
		{Method: "PUT", URL: &url.URL{Path: "/v2/keys/a"}, RequestHeader: form, RequestBody: []byte("ttl=" + secret)},
		{Method: "PUT", URL: &url.URL{Path: "/v2/keys/a"}, RequestHeader: form, RequestBody: []byte("value=%" + secret)},
		{Method: "PUT", URL: &url.URL{Path: "/v2/keys/a"}, RequestHeader: form, RequestBody: []byte("value=" + secret + "%ff")},
		{Method: "PUT", URL: &url.URL{Path: "/v2/auth/users/a"}, RequestHeader: json, RequestBody: []byte(`{"user":"a","password":["` + secret + `"]}`)},
		{Method: "PUT", URL: &url.URL{Path: "/v2/auth/users/a"}, RequestHeader: json, RequestBody: []byte(`{"user":"a","password":` + secret + `}`)},
		{Method: "PUT", URL: &url.URL{Path: "/v2/auth/users/a"}, RequestHeader: json, RequestBody: []byte(`"` + secret + `"`)},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a"}, Status: 200, ResponseHeader: header("Content-Type", eventType, "X-Etcd-Index", secret)},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a"}, Status: 200, ResponseHeader: json, ResponseBody: []byte(`{"action":"` + secret + `"}`)},
		{Method: "GET", URL: &url.URL{Path: "/v2/keys/a"}, Status: 200, ResponseHeader: json, ResponseBody: []byte(secret)},
	} {
		findings := load(t).Check(e)
		if len(findings) == 0 {
			t.Errorf("nothing is found in %s %v %s", e.Method, e.URL, e.RequestBody)
		}
		for _, f := range findings {
			if strings.Contains(f.String(), secret) {
				t.Errorf("the finding %q has the value", f)
			}
		}
	}
}

// A long name is cut, and one with control characters is quoted.
func TestNamesInFindingsAreShort(t *testing.T) {
	e := &validator.Exchange{Method: "GET", URL: &url.URL{Path: "/v2/keys/a", RawQuery: "a%0a" + strings.Repeat("a", 1<<16)}}
	for _, f := range load(t).Check(e) {
		if len(f.String()) > 500 || strings.Contains(f.String(), "\n") {
			t.Errorf("the finding is %d bytes long: %.500s", len(f.String()), f)
		}
	}
}

// Each event of a stream may bring new findings.
func TestFindingsOfAnExchangeAreLimited(t *testing.T) {
	var stream strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&stream, `{"action":"set","f%d":1}`, i)
	}
	var findings []validator.Finding
	transport := &validator.Transport{
		Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t), Report: func(f validator.Finding) { findings = append(findings, f) },
	}
	exchange(t, transport, http.MethodGet, answering(t, stream.String()).URL+"/v2/keys/a?wait=true&stream=true", nil, "")
	if n := len(findings); n != 101 || findings[100].Text != "more was found, and is left out" {
		t.Errorf("%d findings", n)
	}
}

// What is too long passes, is kept in part, and is said to be unchecked.
func TestLongBodiesAreNotHeld(t *testing.T) {
	long := `{"action":"get","node":{"value":"` + strings.Repeat("x", 1000) + `"}}`
	for name, test := range map[string]struct {
		target, reply, body, want string
	}{
		"answer":          {"/v2/keys/a", long, "", "more than 100 bytes in one document"},
		"event":           {"/v2/keys/a?wait=true&stream=true", event + long + `{"action":"seize"}`, "", "more than 100 bytes in one document"},
		"broken document": {"/v2/keys/a", long[:500], "", "more than 100 bytes in one document"},
		"request":         {"/v2/keys/a", event, "value=" + strings.Repeat("x", 1000), "longer than 100 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			method, header := http.MethodGet, http.Header(nil)
			if test.body != "" {
				method, header = http.MethodPut, http.Header{"Content-Type": {form}}
			}
			var findings []validator.Finding
			var recorded *validator.Exchange
			transport := &validator.Transport{
				Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t), MaxBody: 100,
				Report: func(f validator.Finding) { findings = append(findings, f) },
				Record: func(e *validator.Exchange) { recorded = e },
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if body, err := io.ReadAll(req.Body); err != nil || string(body) != test.body {
					t.Errorf("%d bytes came through, %v", len(body), err)
				}
				w.Header().Set("Content-Type", eventType)
				_, _ = io.WriteString(w, test.reply)
			}))
			defer server.Close()
			_, reply := exchange(t, transport, method, server.URL+test.target, header, test.body)
			if reply != test.reply {
				t.Errorf("%d bytes came back", len(reply))
			}
			if len(findings) == 0 || !strings.Contains(findings[0].Text, test.want) {
				t.Errorf("found %q, want %q", findings, test.want)
			}
			if name == "event" && (len(findings) != 2 || !strings.Contains(findings[1].Text, "allowed values")) {
				t.Errorf("the event behind it: %q", findings)
			}
			if len(recorded.RequestBody) > 100 || len(recorded.ResponseBody) > 100 || recorded.Cut != (len(test.reply) > 100) {
				t.Errorf("recorded %d and %d bytes, cut: %v", len(recorded.RequestBody), len(recorded.ResponseBody), recorded.Cut)
			}
		})
	}
}

// The events of a compressed stream are checked as they pass.
func TestCompressedEventsAreCheckedAtOnce(t *testing.T) {
	goOn := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", eventType)
		w.Header().Set("Content-Encoding", "gzip")
		w.(http.Flusher).Flush()
		packed := gzip.NewWriter(w)
		for range goOn {
			_, _ = io.WriteString(packed, `{"action":"seize"}`)
			_ = packed.Flush()
			w.(http.Flusher).Flush()
		}
	}))
	defer server.Close()
	defer close(goOn)
	findings := make(chan validator.Finding, 1)
	transport := &validator.Transport{
		Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t), Report: func(f validator.Finding) { findings <- f },
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v2/keys/a?wait=true&stream=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	goOn <- true
	for len(findings) == 0 { // the finding is there before the read returns
		if _, err := resp.Body.Read(make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
	}
	if f := <-findings; !strings.Contains(f.Text, "allowed values") {
		t.Errorf("found %v", f)
	}
}

// An encoding is undone if it is known.
func TestEncodings(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, event)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		encoding, body, want string
	}{
		"gzip":     {"gzip", packed.String(), ""},
		"in part":  {"gzip", packed.String()[:40], "does not have the encoding"},
		"nothing":  {"gzip", "", "the body is empty"},
		"no gzip":  {"deflate", packed.String(), "does not have the encoding"},
		"unknown":  {"br", "x", "the encoding br and was not checked"},
		"identity": {"", event, ""},
	} {
		e := &validator.Exchange{
			Method: "GET", URL: &url.URL{Path: "/v2/keys/a"}, RequestHeader: http.Header{"Accept-Encoding": {"gzip, br", "deflate"}},
			Status: 200, ResponseHeader: http.Header{"Content-Type": {eventType}}, ResponseBody: []byte(test.body),
		}
		if test.encoding != "" {
			e.ResponseHeader.Set("Content-Encoding", test.encoding)
		}
		findings := load(t).Check(e)
		if len(findings) > 1 || (len(findings) == 1) != (test.want != "") || len(findings) == 1 && !strings.Contains(findings[0].Text, test.want) {
			t.Errorf("%s: found %q, want %q", name, findings, test.want)
		}
	}
}
