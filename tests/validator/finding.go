package validator

import "fmt"

// A Side is the half of an exchange that a finding is about.
type Side string

// The two sides.
const (
	Request  Side = "request"
	Response Side = "response"
)

// A Finding is one way in which an exchange differs from the description.
type Finding struct {
	Side      Side
	Operation string // the operationId; empty if none fits the request
	Method    string
	Path      string // escaped, without the query, which can hold a value
	Status    int    // 0 for findings on requests
	Text      string
}

// String returns the finding as one line.
func (f Finding) String() string {
	if f.Side == Request {
		return fmt.Sprintf("request %s %s: %s", f.Method, f.Path, f.Text)
	}
	return fmt.Sprintf("response %d to %s %s: %s", f.Status, f.Method, f.Path, f.Text)
}
