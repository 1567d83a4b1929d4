package locking

import "testing"

// What stands in a key is read by programs in other languages, and by older versions of this one.
func TestEntryOnTheWire(t *testing.T) {
	for text, e := range map[string]entry{
		`{"value":"db-1:4711","id":"A"}`:                                  {Value: "db-1:4711", ID: "A"},
		`{"value":"","id":"A","identity":"db","shared":true,"held":true}`: {ID: "A", Identity: "db", Shared: true, Held: true},
		`{"value":"\"ü\"\n","id":"A"}`:                                    {Value: "\"ü\"\n", ID: "A"},
	} {
		if got := (native{}).encode(e); got != text {
			t.Errorf("%+v is written as %s, want %s", e, got, text)
		}
		if got := (native{}).decode(text); got != e {
			t.Errorf("%s is read as %+v, want %+v", text, got, e)
		}
	}
}

func TestForeignEntries(t *testing.T) {
	for _, text := range []string{"", "x", "7", "null", "{}", `{"value":"x"}`, `["id"]`, `{"id":7}`} {
		if got, want := (native{}).decode(text), (entry{Value: text}); got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
}

func FuzzEntry(f *testing.F) {
	f.Add("value", "id", "identity", true, false)
	f.Fuzz(func(t *testing.T, value, id, identity string, shared, held bool) {
		e := entry{Value: value, ID: id, Identity: identity, Shared: shared, Held: held}
		text := (native{}).encode(e)
		again := (native{}).encode((native{}).decode(text))
		if id != "" && again != text {
			t.Errorf("%q became %q", text, again)
		}
	})
}
