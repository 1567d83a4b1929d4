package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestDoctor(t *testing.T) {
	with, without := etcdtest.Start(t).Endpoints()[0], etcdtest.Start(t, etcdtest.WithoutV2()).Endpoints()[0]
	if _, err := connect(t, with).Set(t.Context(), "/other/key", "1"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string // in what it prints, on either stream
	}{
		"v2":           {[]string{"--interval", "1ms", with}, 1, "V2 is served at " + with},
		"no v2":        {[]string{without, "--interval", "1ms"}, 0, "run etcdutl check v2store"},
		"nobody":       {[]string{"http://" + etcdtest.FreeAddr(t)}, 3, "no member answers"},
		"no URL":       {nil, 2, "1 operands are needed"},
		"no interval":  {[]string{"--interval", "0s", with}, 2, "--interval 0s is not positive"},
		"wrong hidden": {[]string{"--interval", "1ms", "--hidden", "/a", with}, 1, "It is not known what keys there are"},
		"map":          {[]string{"--interval", "1ms", "--map", "/app=app/", with}, 1, `no rule gives a place in v3: 1. These are "/other/key"`},
		"wrong map":    {[]string{"--map", "app", with}, 2, `rule "app"`},
		"help":         {[]string{"--help"}, 0, "Doctor examines a cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), append([]string{"doctor"}, test.args...), streams{&out, &errs})
			if text := out.String() + errs.String(); code != test.code || !strings.Contains(text, test.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, test.code, test.want, text)
			}
		})
	}
}
