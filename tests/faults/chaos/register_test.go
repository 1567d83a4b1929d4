package chaos_test

// A register is a key that one writer writes, each time another value, and what the library has said
// about its writes.
type register struct {
	*run
	key      string
	writes   int
	current  string          // the value as far as is known
	possible map[string]bool // those of unknown outcome which nobody has seen yet
}

// wrote notes the fate of a write. Where a write was applied, before is the value that it replaced.
func (r *register) wrote(value string, fate fate, before string) {
	r.writes++
	switch fate {
	case applied:
		r.saw(before, "the server says it replaced")
		r.current = value
	case unknown:
		r.possible[value] = true
	case refused:
		// That the value is never seen is checked by its being neither current nor possible.
	}
}

// saw checks a value that the cluster held, and that it can have held it. One of unknown outcome can
// come up once only: a second time it would have been written twice.
func (r *register) saw(value, where string) {
	switch {
	case value == r.current:
	case r.possible[value]:
		delete(r.possible, value)
		r.current = value
	default:
		r.lie("%s: %s %q; the last one known is %q, unknown are %d others", r.key, where, value, r.current, len(r.possible))
		r.current = value
	}
}
