package validator_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/validator"
)

// What passes is what was sent, findings or not, and a request with a body of unknown length as well.
func TestNothingIsChanged(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Seen", strings.Join([]string{req.Method, req.RequestURI, req.Header.Get("Content-Type"), string(body)}, "|"))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "anything")
	}))
	defer server.Close()
	transport := &validator.Transport{Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t)}
	proxy, err := transport.Listen(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	const target, body = "/v2/keys/a%2Fb//c?x=1;2&wait=%zz", "value=%zz"
	for name, base := range map[string]string{"transport": server.URL, "proxy": proxy.URL()} {
		var through http.RoundTripper = transport
		if name == "proxy" {
			through = transport.Base
		}
		resp, text := exchange(t, through, http.MethodPut, base+target, http.Header{"Content-Type": {form}}, body)
		seen := resp.Header.Get("X-Seen")
		if want := "PUT|" + target + "|" + form + "|" + body; seen != want || text != "anything" || resp.StatusCode != http.StatusTeapot {
			t.Errorf("%s: the server saw %q, want %q; the client saw %d %q", name, seen, want, resp.StatusCode, text)
		}
	}
}

// A stream's head and events pass as they come, and each is judged as it passes.
func TestEventsPassAtOnce(t *testing.T) {
	for _, name := range []string{"transport", "proxy"} {
		t.Run(name, func(t *testing.T) {
			next := make(chan string)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.(http.Flusher).Flush()
				for text := range next {
					_, _ = io.WriteString(w, text)
					w.(http.Flusher).Flush()
				}
			}))
			defer server.Close()
			defer close(next)
			findings := make(chan validator.Finding, 10)
			transport := &validator.Transport{
				Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t), Report: func(f validator.Finding) { findings <- f },
			}
			proxy, err := transport.Listen(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer proxy.Close()
			through, url := http.RoundTripper(transport), server.URL
			if name == "proxy" {
				through, url = transport.Base, proxy.URL()
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v2/keys/a?wait=true&stream=true", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := through.RoundTrip(req) // the head is there before any event
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewReader(resp.Body)
			for _, text := range []string{event + "\n", `{"action":"seize"}` + "\n", event + "\n"} {
				next <- text
				if got, err := lines.ReadString('\n'); err != nil || got != text {
					t.Fatalf("read %q, %v", got, err)
				}
				if strings.Contains(text, "seize") {
					if f := <-findings; f.Operation != "getKey" {
						t.Errorf("found %v", f)
					}
				}
			}
			if len(findings) > 0 {
				t.Errorf("found %v", <-findings)
			}
		})
	}
}

// A connection that the server breaks off is broken off, and the body that is missing is no finding.
func TestBrokenConnections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/body") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, event[:20])
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	transport := &validator.Transport{
		Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t), Report: func(f validator.Finding) { t.Errorf("found %v", f) },
	}
	proxy, err := transport.Listen(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, path := range []string{"/v2/keys/a", "/v2/keys/body"} {
		resp, err := client.Get(proxy.URL() + path)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("%s: the error is %v", path, err)
		}
	}
}

func TestLoadWantsADescription(t *testing.T) {
	if _, err := validator.Load([]byte("openapi: [")); err == nil {
		t.Error("it was loaded")
	}
}

// A header that a proxy adds can be said to be none of the API's.
func TestIgnoredHeaders(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Server", "nginx")
		_, _ = io.WriteString(w, event)
	}))
	defer server.Close()
	transport := &validator.Transport{
		Base: &http.Transport{DisableKeepAlives: true}, Spec: load(t), Ignore: []string{"Server"},
		Report: func(f validator.Finding) { t.Errorf("found %v", f) },
	}
	exchange(t, transport, http.MethodGet, server.URL+"/v2/keys/a", nil, "")
}
