package documents_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// turns are what no native engineer writes, and what to write instead.
var turns = compiled([][2]string{
	{`(^|[.:;!?|] |^[-*] |, |\band |\bor |\bthan |\bof |\bto |\bfor )Who\b`, `"whoever", or "a caller that": name who it is`},
	{`\b(than|of|that|for|is it|so that) who\b`, `"whoever", or "a caller that": name who it is`},
	{`\b(is|are|was|were|be) no\b`, `"is not a", or "there is no"`},
	{`\bbut for\b`, `"except"`},
	{`\bsuch as (are|is|were|have|has)\b`, `"that are"`},
	{`\bfor want of\b`, `"because there is no"`},
	{`\bas of an?\b`, `"at an"`},
	{`\b[Ww]hat a \w+ hides\b`, `"lists what proxies hide", with a subject`},
	{`\bstands? in (go doc|the)\b|\bstands in\s*$`, `"is in", "the documentation lists"`},
	{`\btells? the rules\b`, `"see the documentation for the rules"`},
	{`\banew\b`, `"again"`},
	{`\bwants? an? \w+\b`, `"needs a"`},
	{`\bwithout a word\b`, `"silently"`},
	{`\bknows? better\b`, `say what is right`},
	{`\b(says|say|means|mean|knows|know|shows|show|proves), that\b`, `no comma before "that"`},
	{`\b(then|so), and only (then|so)\b`, `"only if"`},
	{`\bare delivered all\b|\bis told it\b`, `put the object where it belongs`},
	{`\b[Ss]ent it is\b|\bare they not\b`, `no inversion for emphasis`},
	{`\bbeing set aside\b`, `"is out of service"`},
	{`\bhas come so far\b`, `"has reached the index"`},
	{`\bwhose fate\b`, `"outcome"`},
	{`\bproven so\b`, `"proven as follows"`},
	{`\bnever nothing\b`, `"never silently"`},
})

type turn struct {
	pattern *regexp.Regexp
	instead string
}

func compiled(list [][2]string) []turn {
	var all []turn
	for _, pair := range list {
		all = append(all, turn{regexp.MustCompile(pair[0]), pair[1]})
	}
	return all
}

// There is, and "no longer", and "no more than" are English.
var proper = regexp.MustCompile(`\b([Tt]here (is|are|was|were) no|no (longer|more|later|faster|less|sooner))\b`)

// foreign returns the turns in a text, with what to write instead.
func foreign(text string) []string {
	text = span.ReplaceAllString(text, "X")
	text = proper.ReplaceAllString(text, "_")
	var all []string
	for _, turn := range turns {
		if found := turn.pattern.FindString(text); found != "" {
			all = append(all, strings.TrimSpace(found)+": write "+turn.instead)
		}
	}
	return all
}

func TestEnglish(t *testing.T) {
	const description = "api/openapi.yaml"
	for _, d := range append(documents(t), parse(description, descriptions(read(t, description)))) {
		for _, p := range d.prose {
			for _, found := range foreign(p.text) {
				t.Errorf("%s:%d: %s", d.name, p.line, found)
			}
		}
	}
}

// described is a line of YAML that has a text, or begins one in the lines below.
var described = regexp.MustCompile(`^( *)(?:summary|description): (.*)$`)

// descriptions returns the summaries and descriptions of an OpenAPI description in YAML, each in its own lines, so that
// a paragraph keeps the number of its line. All other lines are empty.
func descriptions(yaml string) string {
	var b strings.Builder
	indent, open := "", false // of a text that is open
	for line := range strings.Lines(yaml) {
		line = strings.TrimRight(line, "\n")
		inside, within := strings.CutPrefix(line, indent+"  ")
		begins := described.FindStringSubmatch(line)
		switch {
		case open && within:
			b.WriteString(inside)
		case begins != nil:
			indent, open = begins[1], begins[2] == "|"
			if !open {
				b.WriteString(begins[2])
			}
		case line != "":
			open = false
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestDescriptions(t *testing.T) {
	const yaml = "info:\n  title: x\n  description: |\n    One\n    two.\n\n    * item\n  x: y\n  summary: it is no more\n  z:\n    description: short\n"
	got := parse("x.yaml", descriptions(yaml)).prose
	want := []paragraph{{4, "One two."}, {7, "* item"}, {9, "it is no more"}, {11, "short"}}
	if !slices.Equal(got, want) {
		t.Errorf("the texts are %v, want %v", got, want)
	}
}

// The list finds what it is for, and leaves English alone.
func TestForeignTurnsAreFound(t *testing.T) {
	for _, text := range []string{
		"Who gives up leaves nothing behind.",
		"It works. Who was away for longer gets an error.",
		"The token is greater than that of who held it.",
		"The ID is no number in hex.",
		"All cases but for two pass.",
		"None of the members, such as are down, answers.",
		"It asks for want of a better member.",
		"A reply as of an index.",
		"What a proxy hides, stands in `go doc`.",
		"`go doc` tells the rules.",
		"The history is read anew.",
		"A new status wants a case.",
		"It is said, never nothing.",
	} {
		if len(foreign(text)) == 0 {
			t.Errorf("nothing is found in %q", text)
		}
	}
	for _, text := range []string{
		"A caller that gives up leaves nothing behind.",
		"There is no default, and the flag is no longer needed.",
		"`is no`, as code, is not prose.",
		"It asks who leads, and whoever leads answers.",
	} {
		if found := foreign(text); len(found) > 0 {
			t.Errorf("%q is found in %q", found, text)
		}
	}
}
