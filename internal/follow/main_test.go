package follow

import (
	"reflect"
	"testing"

	"github.com/etcdv2/client/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// check compares by value.
func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %#v\nwant %#v", what, got, want)
	}
}
