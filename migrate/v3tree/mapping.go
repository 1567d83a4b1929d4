package v3tree

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/etcdv2/client/migrate/dump"
)

// A Rule says what becomes of the keys at and below a directory of v2.
type Rule struct {
	From string // the directory: "/app", or "/" for all keys
	To   string // what replaces "/app/" at the beginning of a key, such as "app/" or "/app/"
}

// A Mapping is the set of rules that turns v2 keys into v3 keys. Of the rules that fit a key, the one with the longest From
// counts.
type Mapping []Rule

// Identity keeps the keys as they are: "/app/level" is "/app/level" in v3.
var Identity = Mapping{{From: "/", To: "/"}}

// ErrMapping is the error of rules that cannot be used together or do not fit the keys.
var ErrMapping = errors.New("v3tree: mapping")

// ParseMapping makes a mapping of rules such as "/app=app/". Without rules, the keys stay as they are.
//
// The part before the last = is a directory of v2, the part after it replaces the directory and its slash: with
// "/app=prod/app/", "/app/level" becomes "prod/app/level". With "/=", the keys lose only their first slash.
func ParseMapping(rules ...string) (Mapping, error) {
	if len(rules) == 0 {
		return Identity, nil
	}
	var m Mapping
	for _, text := range rules {
		at := strings.LastIndex(text, "=")
		if at < 0 || !strings.HasPrefix(text, "/") {
			return nil, fmt.Errorf("%w: rule %q is not of the form /v2/directory=v3/prefix/", ErrMapping, text)
		}
		m = append(m, Rule{From: text[:at], To: text[at+1:]})
	}
	return m, m.Check()
}

// Check returns an error if the mapping has no rules, or two for one directory, or a rule whose From is not the key of a
// directory or whose To does not end in a slash.
func (m Mapping) Check() error {
	if len(m) == 0 {
		return fmt.Errorf("%w: no rules", ErrMapping)
	}
	seen := map[string]bool{}
	for _, r := range m {
		if r.From == "" || path.Clean(r.From) != r.From || r.From[0] != '/' {
			return fmt.Errorf("%w: rule %s: %q is not the key of a directory; a key begins with a slash and does not end in one", ErrMapping, r, r.From)
		}
		if r.To != "" && !strings.HasSuffix(r.To, "/") {
			return fmt.Errorf("%w: rule %s: what is put before the keys of a directory ends in a slash or is empty", ErrMapping, r)
		}
		if seen[r.From] {
			return fmt.Errorf("%w: there are two rules for %s", ErrMapping, r.From)
		}
		seen[r.From] = true
	}
	return nil
}

// CheckDisjoint returns an error if two rules could give different keys the same v3 key, whatever the keys are: if the To of
// one is the beginning of another's.
func (m Mapping) CheckDisjoint() error {
	for i, a := range m {
		for _, b := range m[i+1:] {
			if strings.HasPrefix(a.To, b.To) || strings.HasPrefix(b.To, a.To) {
				return fmt.Errorf("%w: rules %s and %s can give two keys the same v3 key", ErrMapping, a, b)
			}
		}
	}
	return nil
}

// String returns the rule as ParseMapping reads it.
func (r Rule) String() string { return r.From + "=" + r.To }

// below returns From with the slash that the keys in it have.
func (r Rule) below() string {
	if r.From == "/" {
		return "/"
	}
	return r.From + "/"
}

// stem is what the key of From itself becomes.
func (r Rule) stem() string { return strings.TrimSuffix(r.To, "/") }

// rule returns the rule for a v2 key.
func (m Mapping) rule(key string) (Rule, bool) {
	var best Rule
	found := false
	for _, r := range m {
		if dump.Within(key, r.From) && (!found || len(r.From) > len(best.From)) {
			best, found = r, true
		}
	}
	return best, found
}

// Key returns the v3 key of a v2 key, or false if no rule fits or nothing would be left of it. The key of a marker ends in a
// slash on both sides.
func (m Mapping) Key(key string) (string, bool) {
	r, ok := m.rule(key)
	if !ok {
		return "", false
	}
	mapped := r.stem()
	if key != r.From {
		mapped = r.To + key[len(r.below()):]
	}
	return mapped, mapped != ""
}

// Within returns the mapping of the keys at and below some directories only. It returns an error if no rule fits one of them.
func (m Mapping) Within(dirs ...string) (Mapping, error) {
	var within Mapping
	for _, dir := range dirs {
		if slices.ContainsFunc(dirs, func(other string) bool { return other != dir && dump.Within(dir, other) }) {
			continue // the rules for other are those for dir
		}
		r, ok := m.rule(dir)
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: no rule fits %s", ErrMapping, dir)
		case r.From != dir:
			r = Rule{From: dir, To: r.To + dir[len(r.below()):] + "/"}
		}
		within = append(within, r)
		for _, r := range m {
			if r.From != dir && dump.Within(r.From, dir) {
				within = append(within, r)
			}
		}
	}
	return within, nil
}

// back returns the v2 key of a v3 key that begins with To.
func (r Rule) back(key string) string { return r.below() + key[len(r.To):] }

// A span is a range of v3 keys from start up to, and without, end. An empty end is that of all keys.
type span struct{ start, end string }

// prefix returns the span of the keys that begin with p.
func prefix(p string) span {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] < 0xff {
			return span{start: p, end: p[:i] + string([]byte{p[i] + 1})}
		}
	}
	return span{start: p}
}

// collisions finds v2 keys that become the same v3 key. One rule never gives two keys the same, so it remembers only the keys
// that several rules can make.
type collisions struct {
	mapping Mapping
	seen    map[string]string // v2 key by v3 key
}

// add returns an error if another key has become mapped before.
func (c *collisions) add(node dump.Node, mapped string) error {
	makers := 0
	for _, r := range c.mapping {
		if strings.HasPrefix(mapped, r.To) || mapped == r.stem() {
			makers++
		}
	}
	if makers < 2 {
		return nil
	}
	if other, ok := c.seen[mapped]; ok {
		return fmt.Errorf("%w: %q and %q would both become %q", ErrMapping, other, node.Key, mapped)
	}
	c.seen[mapped] = node.Key
	return nil
}
