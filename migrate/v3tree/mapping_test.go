package v3tree_test

import (
	"errors"
	"testing"

	"github.com/etcdv2/client/migrate/v3tree"
)

func TestMappingOfKeys(t *testing.T) {
	tests := []struct {
		rules     []string
		key, want string
	}{
		{nil, "/app/level", "/app/level"},
		{[]string{"/="}, "/app/level", "app/level"},
		{[]string{"/=mig/"}, "/app", "mig/app"},
		{[]string{"/app=prod/"}, "/app/level", "prod/level"},
		{[]string{"/app=prod/"}, "/app", "prod"},
		{[]string{"/app=prod/"}, "/app/dir/", "prod/dir/"},
		{[]string{"/app=prod/"}, "/apple", ""},
		{[]string{"/app="}, "/app", ""},
		{[]string{"/=a/", "/app=b/", "/app/x=c/"}, "/app/x/y", "c/y"},
		{[]string{"/=a/", "/app=b/", "/app/x=c/"}, "/app/xy", "b/xy"},
		{[]string{"/=a/", "/app=b/", "/app/x=c/"}, "/other", "a/other"},
		{[]string{"/a=b=x/"}, "/a=b/k", "x/k"},
	}
	for _, test := range tests {
		m, err := v3tree.ParseMapping(test.rules...)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := m.Key(test.key); got != test.want || ok != (test.want != "") {
			t.Errorf("by %q, %s becomes %q, %v; want %q", test.rules, test.key, got, ok, test.want)
		}
	}
}

func TestMappingsThatAreRefused(t *testing.T) {
	for _, rules := range [][]string{{"app"}, {"app=x/"}, {"/app/=x/"}, {"/app=x"}, {"/app=x/", "/app=y/"}, {"=x/"}, {"/a//b=x/"}} {
		if m, err := v3tree.ParseMapping(rules...); !errors.Is(err, v3tree.ErrMapping) {
			t.Errorf("%q is %v, %v", rules, m, err)
		}
	}
}

func TestDisjointMappings(t *testing.T) {
	for want, all := range map[bool][][]string{
		true:  {{"/="}, {"/=/", "/app=app/"}, {"/a=x/", "/b=xy/"}},
		false: {{"/=", "/app=app/"}, {"/a=x/", "/b=x/"}, {"/a=x/", "/b=x/y/"}},
	} {
		for _, rules := range all {
			m, err := v3tree.ParseMapping(rules...)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.CheckDisjoint(); want != (err == nil) {
				t.Errorf("%q: %v", rules, err)
			}
		}
	}
}
