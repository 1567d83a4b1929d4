package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/etcdv2/client/tests/validator"
)

// A reply is an answer with its body decoded.
type reply struct {
	status int
	header http.Header
	body   string
	fields any
}

// newRequest turns a case's text into a request. before is the reply that curly brackets look at.
func (r *run) newRequest(ctx context.Context, text string, before reply) (*http.Request, error) {
	credentials, method, path, body := splitRequest(r.fill(text, before))
	contentType := "application/x-www-form-urlencoded"
	switch {
	case strings.HasPrefix(body, "("):
		contentType, body, _ = strings.Cut(body[1:], ") ")
	case strings.HasPrefix(body, "{"):
		contentType = "application/json"
	}
	if !isAbsolute(path) {
		path = "/v2/keys" + r.dir + path
	}
	target := r.server.endpoint + path
	_, broken := url.Parse(target)
	if broken != nil {
		target = r.server.endpoint
	}
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if broken != nil {
		req.URL.Opaque = path // sent as it is
	}
	if body == "" {
		req.Body = http.NoBody
	} else if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if user, password, ok := strings.Cut(credentials, ":"); ok {
		req.SetBasicAuth(user, password)
	} else if r.server.user != nil {
		password, _ := r.server.user.Password()
		req.SetBasicAuth(r.server.user.Username(), password)
	}
	return req, nil
}

func isAbsolute(path string) bool {
	return strings.HasPrefix(path, "/v2/") || path == "/v2/keys" || path == "/health" || path == "/version" || path == "/nowhere"
}

var bracket = regexp.MustCompile(`\{(@?[A-Za-z][\w.-]*)([+-]\d+)?\}`)

// fill puts facts of the reply before into a request's brackets. JSON has quotes behind its brackets, so it stays.
func (r *run) fill(text string, before reply) string {
	text = strings.ReplaceAll(text, "{4096 bytes}", strings.Repeat("x", 4096))
	return bracket.ReplaceAllStringFunc(text, func(found string) string {
		parts := bracket.FindStringSubmatch(found)
		value, ok := r.operand(parts[1], before, before)
		if !ok {
			return found
		}
		if parts[2] == "" {
			return value
		}
		number, err := strconv.ParseInt(value, 10, 64)
		offset, _ := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			return found
		}
		return strconv.FormatInt(number+offset, 10)
	})
}

// send sends one request and returns the reply, the last of its events if their number is given. When its head has come,
// it calls during.
func (r *run) send(ctx context.Context, text string, before reply, events int, during func(reply) error) (reply, error) {
	req, err := r.newRequest(ctx, text, before)
	if err != nil {
		return reply{}, err
	}
	resp, err := r.transport().RoundTrip(req)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", text, err)
	}
	defer resp.Body.Close()
	if during != nil {
		if err := during(reply{status: resp.StatusCode, header: resp.Header}); err != nil {
			return reply{}, err
		}
	}
	body, err := readBody(resp.Body, events)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", text, err)
	}
	got := reply{status: resp.StatusCode, header: resp.Header, body: strings.TrimRight(string(body), "\n")}
	decoder := json.NewDecoder(strings.NewReader(got.body))
	decoder.UseNumber()
	_ = decoder.Decode(&got.fields) // text is none
	return got, nil
}

// readBody reads all of a body, or so many JSON documents of it and returns the last.
func readBody(from io.Reader, events int) ([]byte, error) {
	if events == 0 {
		return io.ReadAll(from)
	}
	decoder := json.NewDecoder(from)
	var event json.RawMessage
	for range events {
		if err := decoder.Decode(&event); err != nil {
			return nil, err
		}
	}
	return event, nil
}

// transport returns what compares this case's traffic with the description.
func (r *run) transport() *validator.Transport {
	t := &validator.Transport{Base: r.http, Spec: spec, Report: r.found}
	if !r.unrecorded {
		t.Record = recorded.add
	}
	return t
}
