package etcd

import (
	"errors"
	"strings"
	"testing"
)

// merging is a feed of /d, and what its consumer is told.
func merging() *mirrorFeed {
	m := &Mirror{dir: "/d", tree: newMirrorTree("/d", nil), feeds: map[*mirrorFeed]struct{}{}}
	return m.subscribe()
}

// rest returns what a consumer would be told now, each change as "type key=old>new@index", one with
// a "!" that is marked as resynced.
func (f *mirrorFeed) rest() string {
	var words []string
	for change, ok := f.take(); ok; change, ok = f.take() {
		words = append(words, changeText(change))
	}
	return strings.Join(words, " ")
}

func changeText(c Change) string {
	text := c.Type.String() + " " + c.Key
	if c.Old != nil || c.New != nil {
		text += "="
	}
	if c.Old != nil {
		text += c.Old.Value + ">"
	}
	if c.New != nil {
		text += c.New.Value
	}
	if c.Resynced {
		text += "!"
	}
	return text
}

func TestChangesOfOneKeyArePutTogether(t *testing.T) {
	a, b, c := aFile("/d/k", "a", 1, 1), aFile("/d/k", "b", 2, 2), aFile("/d/k", "c", 3, 3)
	other := aFile("/d/o", "x", 4, 4)
	tests := map[string]struct {
		changes []mirrorChange
		want    string
	}{
		"created, updated":                    {[]mirrorChange{{nil, a}, {a, b}}, "created /d/k=b"},
		"created, deleted":                    {[]mirrorChange{{nil, a}, {a, nil}}, ""},
		"created, deleted, created":           {[]mirrorChange{{nil, a}, {nil, other}, {a, nil}, {nil, b}}, "created /d/o=x created /d/k=b"},
		"updated twice":                       {[]mirrorChange{{a, b}, {nil, other}, {b, c}}, "updated /d/k=a>c created /d/o=x"},
		"updated, deleted":                    {[]mirrorChange{{a, b}, {nil, other}, {b, nil}}, "created /d/o=x deleted /d/k=a>"},
		"deleted, created":                    {[]mirrorChange{{a, nil}, {nil, b}}, "updated /d/k=a>b"},
		"deleted, created, updated":           {[]mirrorChange{{a, nil}, {nil, b}, {b, c}}, "updated /d/k=a>c"},
		"deleted, created, deleted":           {[]mirrorChange{{a, nil}, {nil, b}, {b, nil}}, "deleted /d/k=a>"},
		"updated, deleted, created, deleted":  {[]mirrorChange{{a, b}, {b, nil}, {nil, c}, {nil, other}, {c, nil}}, "created /d/o=x deleted /d/k=a>"},
		"each key for itself, none forgotten": {[]mirrorChange{{nil, a}, {nil, other}}, "created /d/k=a created /d/o=x"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := merging()
			f.add(test.changes, 7)
			check(t, "told", f.rest(), test.want)
			check(t, "kept", len(f.places)+f.pending.Len(), 0)
		})
	}
}

func TestPutTogetherChangesHaveTheLastIndex(t *testing.T) {
	f := merging()
	a, b := aFile("/d/k", "a", 5, 5), aFile("/d/k", "b", 6, 6)
	f.add([]mirrorChange{{nil, a}}, 5)
	f.add([]mirrorChange{{a, b}}, 6)
	change, _ := f.take()
	check(t, "change", change, Change{Type: ChangeCreated, Key: "/d/k", New: b, Index: 6})
	if change.New == b {
		t.Error("the consumer got the mirror's own node")
	}
}

// A directory's change stays before those of what is created in it, and its deletion goes behind
// theirs, whatever was pending of it.
func TestChangesStayInAnOrderThatCanBeFollowed(t *testing.T) {
	dir, again, file := aDir("/d/s", 1), &Node{Key: "/d/s", Dir: true, TTL: 9}, aFile("/d/s/f", "F", 2, 2)
	f := merging()
	f.add([]mirrorChange{{nil, dir}, {nil, file}, {dir, again}}, 3)
	check(t, "created", f.rest(), "created /d/s= created /d/s/f=F")
	f.add([]mirrorChange{{again, dir}, {file, nil}, {dir, nil}}, 4)
	check(t, "deleted", f.rest(), "deleted /d/s/f=F> deleted /d/s=>")
}

// What was pending can no longer be told from what the read has shown.
func TestResyncMarksAllThatIsPending(t *testing.T) {
	a, b, c := aFile("/d/k", "a", 1, 1), aFile("/d/k", "b", 2, 2), aFile("/d/k", "c", 3, 3)
	why, again := errors.New("history cleared"), errors.New("and again")
	f := merging()
	f.add([]mirrorChange{{nil, aFile("/d/o", "x", 9, 9)}, {a, b}}, 9)
	f.resynced([]mirrorChange{{b, nil}}, 20, why)
	f.resynced([]mirrorChange{{nil, c}}, 8, again)
	f.add([]mirrorChange{{nil, aFile("/d/p", "y", 10, 10)}}, 10)
	first, _ := f.take()
	check(t, "first", first, Change{Type: ChangeResynced, Key: "/d", Index: 8, Err: again})
	second, _ := f.take()
	check(t, "second", second, Change{Type: ChangeCreated, Key: "/d/o", New: aFile("/d/o", "x", 9, 9), Index: 8, Resynced: true})
	check(t, "rest", f.rest(), "updated /d/k=a>c! created /d/p=y")
}

func TestChangeTypesHaveNames(t *testing.T) {
	for changeType, want := range map[ChangeType]string{0: "unknown", ChangeCreated: "created", ChangeUpdated: "updated", ChangeDeleted: "deleted", ChangeResynced: "resynced", ChangeSynced: "synced", 6: "unknown"} {
		check(t, "name", changeType.String(), want)
	}
}
