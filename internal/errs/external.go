package errs

import (
	"errors"
	"reflect"
	"strings"
)

// External returns err, an error from outside the library, such as a transport's, a resolver's or a TLS
// callback's, so that nobody can take it for an error of the library: an http.RoundTripper may return the
// error of another call. The result has the text of err. errors.Is and errors.As find in it what they find in
// err, except errors that this library defines. External(nil) is nil.
func External(err error) error {
	if err == nil {
		return nil
	}
	return &external{err}
}

type external struct{ err error }

func (e *external) Error() string { return e.err.Error() }

func (e *external) Is(target error) bool {
	return !isOwn(reflect.TypeOf(target)) && errors.Is(e.err, target)
}

func (e *external) As(target any) bool {
	return !isOwn(reflect.TypeOf(target).Elem()) && errors.As(e.err, target)
}

// module is the prefix of the import paths of the library's packages.
var module = strings.TrimSuffix(reflect.TypeFor[external]().PkgPath(), "internal/errs")

// isOwn reports whether the library defines t, or what t points to.
func isOwn(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return isLibrary(t.PkgPath())
}

// isLibrary reports whether path is that of a package of the library. The packages below tests are users of
// the library.
func isLibrary(path string) bool {
	below, found := strings.CutPrefix(path, module)
	return found && !strings.HasPrefix(below, "tests/")
}
