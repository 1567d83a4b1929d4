package errs

import (
	"errors"
	"testing"
)

func TestBareLacksTheNameOfThePackage(t *testing.T) {
	for text, want := range map[string]string{
		"etcd: GET /k: etcd: x": "GET /k: etcd: x", "locking: lock lost": "lock lost", "election: no leader": "no leader",
		"context canceled": "context canceled", "": "",
	} {
		err := errors.New(text)
		if got := Bare(err); got.Error() != want || !errors.Is(got, err) {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if outside := External(errors.New("etcd: x")); Bare(outside).Error() != outside.Error() {
		t.Error("an error from outside the library has lost its text")
	}
	if Bare(nil) != nil {
		t.Error("Bare(nil) is not nil")
	}
}
