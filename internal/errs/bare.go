package errs

import "strings"

// packages are the names with which the texts of errors begin.
var packages = []string{"etcd: ", "locking: ", "election: "}

// Bare returns err for use within the text of another error: without the name of a package at its beginning, which
// the other text has already. It unwraps to err. An error from outside the library keeps its text. Bare(nil) is nil.
func Bare(err error) error {
	switch err.(type) { //nolint:errorlint // what err wraps has no part in it
	case nil, *external:
		return err
	}
	return &bare{err}
}

type bare struct{ err error }

func (e *bare) Unwrap() error { return e.err }

func (e *bare) Error() string {
	text := e.err.Error()
	for _, name := range packages {
		if rest, found := strings.CutPrefix(text, name); found {
			return rest
		}
	}
	return text
}
