package errs

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"testing"
)

// code is a type of the library's that is an error itself, as etcd.ErrorCode is.
type code int

func (code) Error() string { return "code" }

// impostor is an error that claims to be whatever it is asked for.
type impostor struct{}

func (impostor) Error() string { return "impostor" }
func (impostor) Is(error) bool { return true }
func (impostor) As(any) bool   { return true }

func TestExternalIsNoErrorOfTheLibrary(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, err := range []error{
		ErrClosed, code(100), Invalidf("x"),
		impostor{},
		fmt.Errorf("%w: %w", refused, ErrClosed), errors.Join(refused, code(100)),
	} {
		external := External(err)
		if external.Error() != err.Error() {
			t.Errorf("the text of %q is %q", err, external)
		}
		var found code
		var argument *argumentError
		if errors.Is(external, ErrClosed) || errors.Is(external, ErrInvalidArgument) || errors.Is(external, code(100)) ||
			errors.As(external, &found) || errors.As(external, &argument) {
			t.Errorf("%q is taken for an error of the library", err)
		}
	}
}

func TestExternalIsStillWhatItWas(t *testing.T) {
	own := errors.New("of the caller")
	err := External(fmt.Errorf("%w: %w", own, &net.OpError{Op: "dial", Err: &fs.PathError{Err: syscall.ECONNREFUSED}}))
	var dial *net.OpError
	var timeout net.Error
	if !errors.Is(err, own) || !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &dial) || !errors.As(err, &timeout) {
		t.Errorf("%v is not what it was", err)
	}
	if External(nil) != nil {
		t.Error("nil is an error")
	}
}

func TestPackagesBelowTestsAreUsers(t *testing.T) {
	for path, want := range map[string]bool{
		"github.com/etcdv2/client/etcd":             true,
		"github.com/etcdv2/client/internal/cluster": true,
		"github.com/etcdv2/client/tests/etcdtest":   false,
		"github.com/etcdv2/clients/etcd":            false,
		"errors":                                    false,
		"":                                          false,
	} {
		if isLibrary(path) != want {
			t.Errorf("%q is of the library: %t", path, !want)
		}
	}
}
