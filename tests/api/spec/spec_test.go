// Package spec checks api/openapi.yaml as a document: that it is valid OpenAPI with fitting examples, and that it keeps
// the rules written at its top. Whether the document is true is not asked here; that takes real servers.
package spec

import (
	"strings"
	"testing"

	"github.com/etcdv2/client/api"
)

func TestRules(t *testing.T) {
	d := parse(t, string(api.Spec()))
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, finding := range r.check(d) {
				t.Errorf("#%s: %s", finding.pointer, finding.text)
			}
		})
	}
}

// A rule that cannot find anything protects nothing. So each is shown a document that breaks it at one known place.
func TestRulesFindBreaches(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			findings := r.check(parse(t, breached(t, r.breach)))
			if !anyAt(findings, r.breach.pointer) {
				t.Errorf("nothing found at #%s, where %q became %q; only %v",
					r.breach.pointer, r.breach.old, r.breach.new, findings)
			}
		})
	}
}

func breached(t *testing.T, b breach) string {
	t.Helper()
	text := string(api.Spec())
	if !strings.Contains(text, b.old) {
		t.Fatalf("the breach no longer fits the document: no %q in it", b.old)
	}
	return strings.Replace(text, b.old, b.new, 1)
}

func anyAt(findings []finding, pointer string) bool {
	for _, f := range findings {
		if f.pointer == pointer {
			return true
		}
	}
	return false
}
