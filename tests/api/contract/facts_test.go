package contract

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// check compares a reply with what is wanted, and returns what is not so.
func (r *run) check(want answer, got, given reply) []string {
	var wrong []string
	if got.status != want.status && (want.also == 0 || got.status != want.also) {
		return []string{fmt.Sprintf("status %d, want %d: %s", got.status, want.status, got.body)}
	}
	facts := want.facts
	if want.code != 0 {
		facts = append([]string{"errorCode = " + strconv.Itoa(want.code), "has message"}, facts...)
	}
	if want.action != "" {
		facts = append([]string{"action = " + want.action}, facts...)
	}
	for _, fact := range facts {
		if text := r.fact(fact, got, given); text != "" {
			wrong = append(wrong, text)
		}
	}
	return wrong
}

// fact returns "" if the fact holds.
func (r *run) fact(fact string, got, given reply) string {
	words := strings.SplitN(fact, " ", 3)
	left, right := words[0], ""
	if len(words) == 3 {
		right = words[2]
	}
	switch left {
	case "has", "no":
		if _, ok := r.operand(words[1], got, given); ok != (left == "has") {
			return fmt.Sprintf("%q does not hold: %s %v", fact, got.body, got.header)
		}
		return ""
	}
	value, ok := r.operand(left, got, given)
	if !ok {
		return fmt.Sprintf("%q does not hold, there is no %s: %s", fact, left, got.body)
	}
	if !r.compare(value, words[1], right, got, given) {
		return fmt.Sprintf("%q does not hold, it is %q: %s %v", fact, value, got.body, got.header)
	}
	return ""
}

func (r *run) compare(value, operator, right string, got, given reply) bool {
	switch operator {
	case "=":
		return value == r.expand(right)
	case "~":
		return regexp.MustCompile(right).MatchString(value)
	}
	other, ok := r.operand(right, got, given)
	if !ok {
		return false
	}
	switch operator {
	case "==":
		return value == other
	case "!=":
		return value != other
	}
	a, errA := strconv.ParseFloat(value, 64)
	b, errB := strconv.ParseFloat(other, 64)
	if errA != nil || errB != nil {
		return false
	}
	switch operator {
	case "<":
		return a < b
	case ">":
		return a > b
	default:
		panic("no such operator: " + operator)
	}
}

// expand puts the case's directory in the place of ~.
func (r *run) expand(text string) string { return strings.ReplaceAll(text, "~", r.dir) }

// operand finds what a fact speaks of.
func (r *run) operand(name string, got, given reply) (string, bool) {
	if inner, ok := strings.CutPrefix(name, "given."); ok {
		return r.operand(inner, given, given)
	}
	if header, ok := strings.CutPrefix(name, "@"); ok {
		return got.header.Get(header), len(got.header.Values(header)) > 0
	}
	if text, ok := r.server.names[name]; ok {
		return text, true
	}
	if name == "body" {
		return got.body, true
	}
	if _, err := strconv.ParseFloat(name, 64); err == nil {
		return name, true
	}
	return field(got.fields, strings.Split(name, "."))
}

// field goes down into a decoded body; "#" is the length of a list.
func field(value any, path []string) (string, bool) {
	if len(path) == 0 {
		if text, ok := value.(string); ok {
			return text, true
		}
		text, err := json.Marshal(value)
		return string(text), err == nil
	}
	switch value := value.(type) {
	case map[string]any:
		inner, ok := value[path[0]]
		if !ok {
			return "", false
		}
		return field(inner, path[1:])
	case []any:
		if path[0] == "#" {
			return strconv.Itoa(len(value)), true
		}
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(value) {
			return field(value[i], path[1:])
		}
	}
	return "", false
}
