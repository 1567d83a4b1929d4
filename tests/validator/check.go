package validator

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// mostFindings is how many findings an exchange can have. Each event of a stream may bring new ones.
const mostFindings = 100

// A check is the comparison of one exchange with the description, in the order in which the exchange happens.
type check struct {
	spec     *Spec
	exchange *Exchange
	ignore   []string
	most     int // bytes of one document that are looked at
	findings []Finding

	route     *routers.Route     // nil if no operation fits
	response  *openapi3.Response // nil if the status is not declared
	schema    *openapi3.SchemaRef
	decoder   *decoder // nil if the body is not encoded
	splitter  splitter
	documents int
	unread    bool // the body cannot be looked at
}

func (s *Spec) newCheck(e *Exchange, ignore []string, most int) *check {
	return &check{spec: s, exchange: e, ignore: ignore, most: most, splitter: splitter{most: most}}
}

// found records a finding once. Its text has names and never values, because a value may be a secret.
func (c *check) found(side Side, format string, names ...any) {
	f := Finding{
		Side: side, Method: short(c.exchange.Method), Path: cut(sentPath(c.exchange.URL), 4*longestName),
		Text: fmt.Sprintf(format, names...),
	}
	if c.route != nil {
		f.Operation = c.route.Operation.OperationID
	}
	if side == Response {
		f.Status = c.exchange.Status
	}
	switch {
	case slices.Contains(c.findings, f), len(c.findings) > mostFindings:
	case len(c.findings) == mostFindings:
		f.Text = "more was found, and is left out"
		c.findings = append(c.findings, f)
	default:
		c.findings = append(c.findings, f)
	}
}

// document compares a document with its schema.
func (c *check) document(side Side, schema *openapi3.SchemaRef, text []byte) {
	const what = "the body"
	value, wrong := decodeStrictly(text)
	for _, w := range wrong {
		c.found(side, "%s %s", what, w)
	}
	if value == nil || schema == nil {
		return
	}
	visitAs := openapi3.VisitAsRequest()
	if side == Response {
		visitAs = openapi3.VisitAsResponse()
	}
	c.foundErrors(side, what, schema.Value.VisitJSON(value.value, openapi3.MultiErrors(), visitAs))
	Walk(schema, value.value, func(f Field) {
		switch {
		case f.Property == nil:
			c.found(side, "the field %s is not declared", short(f.Path))
		case isOddInteger(f):
			c.found(side, "the field %s is not a 64-bit integer in decimal digits", short(f.Path))
		}
	})
}

// isOddInteger reports whether kin-openapi takes a field for an integer that many clients cannot read: 1e3, 1.0 or 2^63.
func isOddInteger(f Field) bool {
	number, ok := f.Value.(json.Number)
	if !ok || !f.Property.Value.Type.Is("integer") {
		return false
	}
	float, err := number.Float64()
	if err != nil || float != math.Trunc(float) {
		return false // found when the types were compared
	}
	_, err = number.Int64()
	return err != nil
}

// scalar compares the text of a parameter, a form field or a header with its schema.
func (c *check) scalar(side Side, what string, schema *openapi3.SchemaRef, text string) {
	if schema == nil {
		return
	}
	value, wrong := scalarOf(schema.Value, text)
	if wrong != "" {
		c.found(side, "%s %s", what, wrong)
		return
	}
	c.foundErrors(side, what, schema.Value.VisitJSON(value, openapi3.MultiErrors()))
}

// foundErrors records each error of kin-openapi that err consists of. The reason of a SchemaError has no value in it.
func (c *check) foundErrors(side Side, what string, err error) {
	var many openapi3.MultiError
	var one *openapi3.SchemaError
	switch {
	case err == nil:
	case errors.As(err, &many):
		for _, inner := range many {
			c.foundErrors(side, what, inner)
		}
	case errors.As(err, &one):
		if at := strings.Join(one.JSONPointer(), "."); at != "" {
			what = "the field " + short(at)
		}
		reason, _, _ := strings.Cut(one.Reason, " (") // the rest is how kin-openapi found out
		if one.SchemaField == "required" {
			reason = "it is missing"
		}
		c.found(side, "%s: %s", what, reason)
	default:
		c.found(side, "%s does not fit its schema", what)
	}
}

// longestName is how much of a name stands in a finding.
const longestName = 64

// short returns a name as it can stand in a finding.
func short(name string) string {
	quoted := strconv.Quote(name)
	if quoted != `"`+name+`"` {
		name = quoted
	}
	return cut(name, longestName)
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// sorted returns the names in order, so that the same exchange has the same findings.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
