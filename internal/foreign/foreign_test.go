package foreign

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"Log in":                    "Log in",
		"<html>\r\n\t<b>502</b> \n": "<html> <b>502</b>",
		"  a  b ":                   "a b",
		"\x1b[2Jgone\x07":           `\x1b[2Jgone\a`,
		"a\u2028b\u2029c":           `a\u2028b\u2029c`,
		"a\u0085b":                  `a\u0085b`,
		"a\u00a0b":                  "a b",
		"\u202eevil":                `\u202eevil`,
		"nul \x00 del \x7f":         `nul \x00 del \x7f`,
		"a\xff\xfeb":                "a\uFFFDb",
		"it's \"é\" 世界":             "it's \"é\" 世界",
	} {
		if got := Line(text, 200); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLineIsTruncated(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("x", 1<<20), strings.Repeat("é", 1<<20), strings.Repeat("\x1b", 1<<20), strings.Repeat("世 ", 1<<20),
		strings.Repeat("x", 199) + "éé", strings.Repeat("x", 198) + "\x1bx",
	} {
		got, cut := strings.CutSuffix(Line(text, 200), "…")
		if len(got) > 200 || len(got) < 190 || !cut || !utf8.ValidString(got) || strings.HasSuffix(got, `\`) {
			t.Errorf("%d bytes of %.20q…: %q", len(got), text, got)
		}
	}
	for _, text := range []string{strings.Repeat("x", 200), strings.Repeat("é", 100), strings.Repeat("x", 200) + " \n"} {
		if got := Line(text, 200); got != strings.TrimSpace(text) {
			t.Errorf("Line(%q) = %q", text, got)
		}
	}
}

// with returns a request with credentials.
func with(password string) *http.Request {
	req := httptest.NewRequest("GET", "/v2/keys/k", nil)
	req.SetBasicAuth("root", password)
	return req
}

// jsonOf returns text as a JSON string, without its quotes.
func jsonOf(text string, escapeHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if e.Encode(text) != nil {
		panic("not text")
	}
	return strings.Trim(b.String(), "\"\n")
}

// A page may quote the request in the spelling of its own format.
func TestMaskHidesCredentials(t *testing.T) {
	for _, password := range []string{"s3cret", `p"ä<s&w+d/\x'`, "per cent%20", "tab\tand space", "a:b=c", "Up/Down?"} {
		req := with(password)
		header := req.Header.Get("Authorization")
		_, encoded, _ := strings.Cut(header, " ")
		for name, quoted := range map[string]string{
			"password":       password,
			"header":         header,
			"base64":         encoded,
			"no padding":     strings.TrimRight(encoded, "="),
			"header's case":  "authorization: BASIC " + encoded,
			"header, no pad": strings.TrimRight(header, "="),
			"JSON":           jsonOf(password, false),
			"Go's JSON":      jsonOf(password, true),
			"query":          url.QueryEscape(password),
			"path":           url.PathEscape(password),
			"lower case":     lowerEscapes(url.QueryEscape(password)),
			"HTML":           html.EscapeString(password),
			"HTML by name":   strings.ReplaceAll(html.EscapeString(password), "&#34;", "&quot;"),
			"header in URL":  url.QueryEscape(header),
			"header in path": url.PathEscape(header),
			"twice":          password + " and " + password,
		} {
			got := Mask("<p>You sent "+quoted+", sorry</p>", req)
			if strings.Contains(got, quoted) || strings.Contains(got, password) || !strings.Contains(got, hidden) {
				t.Errorf("%s of %q: %s", name, password, got)
			}
			if !strings.HasPrefix(got, "<p>You sent ") || !strings.HasSuffix(got, ", sorry</p>") {
				t.Errorf("%s of %q: %s", name, password, got)
			}
		}
	}
}

// lowerEscapes returns text with the digits of its escapes in lower case.
func lowerEscapes(text string) string {
	parts := strings.Split(text, "%")
	for i := range parts[1:] {
		parts[i+1] = strings.ToLower(parts[i+1][:2]) + parts[i+1][2:]
	}
	return strings.Join(parts, "%")
}

// Credentials that a gateway has added are no less secret.
func TestMaskHidesAuthorizationOfOthers(t *testing.T) {
	others := base64.StdEncoding.EncodeToString([]byte("gateway:t0ken"))
	for _, req := range []*http.Request{httptest.NewRequest("GET", "/", nil), with("s3cret")} {
		for _, text := range []string{"Authorization: Basic " + others, "authorization: basic " + others, "Bearer eyJhbGciOi.J9.x-_y"} {
			if got := Mask(text, req); strings.Contains(got, others) || strings.Contains(got, "eyJ") {
				t.Errorf("%s", got)
			}
		}
	}
}

func TestMaskLeavesOtherTextAlone(t *testing.T) {
	for _, text := range []string{"", "404 page not found\n", "the root of all", "basic"} {
		for _, req := range []*http.Request{httptest.NewRequest("GET", "/", nil), with(""), with("s3cret")} {
			if got := Mask(text, req); got != text {
				t.Errorf("Mask(%q) = %q", text, got)
			}
		}
	}
}
