package proof

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// remove takes a member out of an object, and out of the list of those that must be there.
func remove(place string, object map[string]any, name string) mutant {
	value := object[name]
	return mutant{
		place: place + "/" + escape(name), what: "removed",
		do:   func() { delete(object, name) },
		undo: func() { object[name] = value },
	}
}

// set gives a member of an object another value.
func set(place, what string, object map[string]any, name string, to any) mutant {
	value, was := object[name]
	return mutant{
		place: place, what: what,
		do: func() { object[name] = to },
		undo: func() {
			if was {
				object[name] = value
			} else {
				delete(object, name)
			}
		},
	}
}

// replace puts another object in the place of one.
func replace(place, what string, object, with map[string]any) mutant {
	before := maps.Clone(object)
	fill := func(from map[string]any) func() {
		return func() {
			clear(object)
			maps.Copy(object, from)
		}
	}
	return mutant{place: place, what: what, do: fill(with), undo: fill(before)}
}

// visit calls do for each object of a tree, with its pointer.
func visit(place string, tree any, do func(place string, object map[string]any)) {
	switch tree := tree.(type) {
	case map[string]any:
		do(place, tree)
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			visit(place+"/"+escape(name), tree[name], do)
		}
	case []any:
		for i, item := range tree {
			visit(place+"/"+strconv.Itoa(i), item, do)
		}
	}
}

// escape writes a name as a token of a JSON pointer.
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
