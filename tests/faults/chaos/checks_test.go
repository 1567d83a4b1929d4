package chaos_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/etcdv2/client/etcd"
)

// The checks are worth what they find: each kind of lie is found, and nothing else.

// lies returns how many lies a check finds.
func lies(t *testing.T, check func(*run)) int {
	r := newRun(t, 0)
	r.fail = func(format string, args ...any) { t.Log("found: " + fmt.Sprintf(format, args...)) }
	check(r)
	return r.counted("violations")
}

func TestClaimsCheckFindsLies(t *testing.T) {
	said := claims{"a": {fate: applied}, "r": {fate: refused}, "u": {fate: unknown}}
	for name, test := range map[string]struct {
		there []string
		lies  int
	}{
		"all is true":                   {[]string{"a"}, 0},
		"an unknown one was applied":    {[]string{"a", "u"}, 0},
		"an applied one is missing":     {nil, 1},
		"a refused one is there":        {[]string{"a", "r"}, 1},
		"one is there twice":            {[]string{"a", "a"}, 1},
		"an unknown one is there twice": {[]string{"a", "u", "u"}, 1},
		"one is nobody's":               {[]string{"a", "x"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := &etcd.Node{Dir: true}
			for _, value := range test.there {
				dir.Nodes = append(dir.Nodes, &etcd.Node{Value: value})
			}
			if n := lies(t, func(r *run) { said.check(r, "the node", dir) }); n != test.lies {
				t.Errorf("found %d lies, there are %d", n, test.lies)
			}
		})
	}
}

func TestRegisterFindsLies(t *testing.T) {
	for name, test := range map[string]struct {
		story func(*register)
		lies  int
	}{
		"all is true":            {func(r *register) { r.wrote("1", applied, "0"); r.saw("1", "") }, 0},
		"an unknown one is not":  {func(r *register) { r.wrote("1", unknown, ""); r.saw("0", "") }, 0},
		"an unknown one is":      {func(r *register) { r.wrote("1", unknown, ""); r.wrote("2", applied, "1"); r.saw("2", "") }, 0},
		"an unknown one is late": {func(r *register) { r.wrote("1", unknown, ""); r.wrote("2", applied, "0"); r.saw("1", "") }, 0},
		"an unknown one is twice": {func(r *register) {
			r.wrote("1", unknown, "")
			r.wrote("2", applied, "1")
			r.saw("1", "")
		}, 1},
		"an applied one is lost": {func(r *register) { r.wrote("1", applied, "0"); r.saw("0", "") }, 1},
		"a refused one is there": {func(r *register) { r.wrote("1", refused, ""); r.saw("1", "") }, 1},
		"a refused one was":      {func(r *register) { r.wrote("1", refused, ""); r.wrote("2", applied, "1") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := lies(t, func(r *run) { test.story(&register{run: r, current: "0", possible: map[string]bool{}}) })
			if n != test.lies {
				t.Errorf("found %d lies, there are %d", n, test.lies)
			}
		})
	}
}

// Each history is of calls that follow one another, but for those that never end.
func TestModelFindsLies(t *testing.T) {
	set := func(value string, fate fate, replaced string) [2]any {
		return [2]any{call{verb: "set", value: value}, outcome{fate, replaced}}
	}
	swap := func(prev, value string, fate fate) [2]any {
		return [2]any{call{verb: "swap", prev: prev, value: value}, outcome{fate: fate}}
	}
	get := func(seen string) [2]any { return [2]any{call{verb: "get"}, outcome{applied, seen}} }
	for name, test := range map[string]struct {
		history [][2]any
		want    porcupine.CheckResult
	}{
		"one after the other":        {[][2]any{get(""), set("1", applied, ""), swap("1", "2", applied), swap("1", "3", refused), get("2")}, porcupine.Ok},
		"unknown, applied late":      {[][2]any{set("1", unknown, ""), get(""), get("1")}, porcupine.Ok},
		"unknown, never applied":     {[][2]any{set("1", applied, ""), swap("1", "2", unknown), set("3", applied, "1"), get("3")}, porcupine.Ok},
		"unknown swap, too late":     {[][2]any{set("1", applied, ""), swap("1", "2", unknown), set("3", applied, "1"), get("2")}, porcupine.Illegal},
		"unknown, applied twice":     {[][2]any{set("1", unknown, ""), get("1"), set("2", applied, "1"), get("1")}, porcupine.Illegal},
		"stale read":                 {[][2]any{set("1", applied, ""), get("")}, porcupine.Illegal},
		"lost write":                 {[][2]any{set("1", applied, ""), set("2", applied, "")}, porcupine.Illegal},
		"refused swap that was done": {[][2]any{set("1", applied, ""), swap("1", "2", refused), get("2")}, porcupine.Illegal},
		"value of nobody":            {[][2]any{get("1")}, porcupine.Illegal},
	} {
		t.Run(name, func(t *testing.T) {
			var ops []porcupine.Operation
			for i, step := range test.history {
				op := porcupine.Operation{Input: step[0], Output: step[1], Call: int64(2 * i), Return: int64(2*i + 1)}
				if step[1].(outcome).fate == unknown {
					op.Return = math.MaxInt64
				}
				ops = append(ops, op)
			}
			if got := porcupine.CheckOperationsTimeout(cas, ops, checkLimit); got != test.want {
				t.Errorf("it is %v, want %v", got, test.want)
			}
		})
	}
}
