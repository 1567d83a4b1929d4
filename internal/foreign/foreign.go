// Package foreign makes text from other programs fit to be shown in an error: it hides the credentials of the
// request, escapes control characters and truncates the text.
package foreign

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Line returns text in one line of at most most bytes and an ellipsis, if the rest was left out. White space
// becomes a single space. Other characters that are not printable, such as those that control a terminal, are
// escaped as in Go source.
func Line(text string, most int) string {
	if len(text) <= most && isPlain(text) {
		return text
	}
	var b strings.Builder
	space := false
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		if unicode.IsSpace(r) && r != '\u0085' && r < 0x2000 {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		shown := string(r)
		if !unicode.IsPrint(r) {
			shown = strings.Trim(strconv.QuoteRune(r), "'")
		}
		if b.Len()+len(shown) > most {
			return b.String() + "…"
		}
		b.WriteString(shown)
	}
	return b.String()
}

// isPlain reports whether text has only printable ASCII characters and no two spaces together.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
		if text[i] == ' ' && (i == 0 || i == len(text)-1 || text[i-1] == ' ') {
			return false
		}
	}
	return true
}

// hidden replaces a secret.
const hidden = "[hidden]"

// credentials are the credentials of an Authorization header, whoever quotes them.
var credentials = regexp.MustCompile(`(?i)(basic|bearer)(\s|%20|\+|&nbsp;)+[A-Za-z0-9+/=_%.~-]{4,}`)

// Mask hides the credentials of req in text: the content of its Authorization header and the password, as
// they are and as a page, a URL or JSON would quote them.
func Mask(text string, req *http.Request) string {
	text = credentials.ReplaceAllString(text, "$1 "+hidden)
	_, encoded, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	_, password, _ := req.BasicAuth()
	for _, secret := range []string{strings.TrimRight(encoded, "="), password} {
		for _, form := range forms(secret) {
			text = strings.ReplaceAll(text, form, hidden)
		}
	}
	return text
}

// urlEscape is an escape in a URL, whose digits may be in lower case.
var urlEscape = regexp.MustCompile(`%[0-9A-F]{2}`)

// forms returns the spellings of a secret. An empty secret has none.
func forms(secret string) []string {
	if secret == "" {
		return nil
	}
	quoted, page := strconv.Quote(secret), html.EscapeString(secret)
	forms := []string{
		secret, quoted[1 : len(quoted)-1], url.QueryEscape(secret), url.PathEscape(secret),
		urlEscape.ReplaceAllStringFunc(url.QueryEscape(secret), strings.ToLower), page, strings.ReplaceAll(page, "&#34;", "&quot;"),
	}
	// The encoder of Go also escapes what has a meaning in HTML.
	if escaped, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(escaped[1:len(escaped)-1]))
	}
	return forms
}
