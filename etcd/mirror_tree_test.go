package etcd

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

// told shows changes as "+/a=1@3" for a creation, "-/a" for a deletion, "~/a=2@4" for the rest.
func told(changes []mirrorChange) string {
	var words []string
	for _, c := range changes {
		switch {
		case c.old == nil:
			words = append(words, "+"+nodeText(c.next))
		case c.next == nil:
			words = append(words, "-"+c.old.Key)
		default:
			words = append(words, "~"+nodeText(c.next))
		}
	}
	return strings.Join(words, " ")
}

// nodeText is a node as "/file=value@created,modified" or "/dir/@created,modified", one index where both are the same.
func nodeText(n *Node) string {
	text := n.Key + "=" + n.Value
	if n.Dir {
		text = strings.TrimSuffix(n.Key, "/") + "/"
	}
	text += fmt.Sprintf("@%d", n.CreatedIndex)
	if n.ModifiedIndex != n.CreatedIndex {
		text += fmt.Sprintf(",%d", n.ModifiedIndex)
	}
	return text
}

func nodesText(nodes []*Node) string {
	var words []string
	for _, node := range nodes {
		words = append(words, nodeText(node))
	}
	return strings.Join(words, " ")
}

// aFile and aDir are nodes as a server sends them.
func aFile(key, value string, created, modified uint64) *Node {
	return &Node{Key: key, Value: value, CreatedIndex: created, ModifiedIndex: modified}
}

func aDir(key string, created uint64, nodes ...*Node) *Node {
	return &Node{Key: key, Dir: true, CreatedIndex: created, ModifiedIndex: created, Nodes: nodes}
}

func TestMirrorTreeAppliesEvents(t *testing.T) {
	event := func(action Action, node *Node) *Response {
		return &Response{Action: action, Node: node, Index: node.ModifiedIndex}
	}
	// /d has a file /d/f and a directory /d/s with the files a and b.
	filled := func() *mirrorTree {
		return newMirrorTree("/d", aDir("/d", 2, aDir("/d/s", 4, aFile("/d/s/b", "B", 5, 5), aFile("/d/s/a", "A", 4, 4)), aFile("/d/f", "F", 3, 3)))
	}
	empty := func() *mirrorTree { return newMirrorTree("/d", nil) }
	const before = "/d/@2 /d/f=F@3 /d/s/@4 /d/s/a=A@4 /d/s/b=B@5"
	tests := []struct {
		name  string
		tree  *mirrorTree
		event *Response
		told  string
		after string
	}{
		{"set over a file", filled(), event(ActionSet, aFile("/d/f", "G", 9, 9)), "~/d/f=G@9", "/d/@2 /d/f=G@9 /d/s/@4 /d/s/a=A@4 /d/s/b=B@5"},
		{"set new", filled(), event(ActionSet, aFile("/d/g", "G", 9, 9)), "+/d/g=G@9", "/d/@2 /d/f=F@3 /d/g=G@9 /d/s/@4 /d/s/a=A@4 /d/s/b=B@5"},
		{"update", filled(), event(ActionUpdate, aFile("/d/f", "G", 3, 9)), "~/d/f=G@3,9", "/d/@2 /d/f=G@3,9 /d/s/@4 /d/s/a=A@4 /d/s/b=B@5"},
		{"swap", filled(), event(ActionCompareAndSwap, aFile("/d/s/b", "G", 5, 9)), "~/d/s/b=G@5,9", "/d/@2 /d/f=F@3 /d/s/@4 /d/s/a=A@4 /d/s/b=G@5,9"},
		{"create below missing directories", filled(), event(ActionCreate, aFile("/d/x/y/z", "Z", 9, 9)), "+/d/x/@9 +/d/x/y/@9 +/d/x/y/z=Z@9", before + " /d/x/@9 /d/x/y/@9 /d/x/y/z=Z@9"},
		{"a directory's TTL", filled(), event(ActionUpdate, &Node{Key: "/d/s", Dir: true, CreatedIndex: 4, ModifiedIndex: 9}), "~/d/s/@4", before},
		{"an unseen directory's TTL", filled(), event(ActionUpdate, &Node{Key: "/d/u", Dir: true, CreatedIndex: 4, ModifiedIndex: 9}), "+/d/u/@4,9", before + " /d/u/@4,9"},
		{"a directory in place of a file", filled(), event(ActionSet, aDir("/d/f", 9)), "~/d/f/@9", "/d/@2 /d/f/@9 /d/s/@4 /d/s/a=A@4 /d/s/b=B@5"},
		{"a file in place of a directory", filled(), event(ActionSet, aFile("/d/s", "S", 9, 9)), "-/d/s/a -/d/s/b ~/d/s=S@9", "/d/@2 /d/f=F@3 /d/s=S@9"},
		{"a file below what was a file", filled(), event(ActionSet, aFile("/d/f/g", "G", 9, 9)), "~/d/f/@9 +/d/f/g=G@9", "/d/@2 /d/f/@9 /d/f/g=G@9 /d/s/@4 /d/s/a=A@4 /d/s/b=B@5"},
		{"an empty directory made anew", filled(), event(ActionCreate, aDir("/d/s", 9)), "-/d/s/a -/d/s/b ~/d/s/@9", "/d/@2 /d/f=F@3 /d/s/@9"},
		{"delete a file", filled(), event(ActionDelete, aFile("/d/s/a", "", 4, 9)), "-/d/s/a", "/d/@2 /d/f=F@3 /d/s/@4 /d/s/b=B@5"},
		{"delete a directory", filled(), event(ActionDelete, aDir("/d/s", 9)), "-/d/s/a -/d/s/b -/d/s", "/d/@2 /d/f=F@3"},
		{"expire a directory", filled(), event(ActionExpire, aFile("/d/s", "", 4, 9)), "-/d/s/a -/d/s/b -/d/s", "/d/@2 /d/f=F@3"},
		{"compare and delete", filled(), event(ActionCompareAndDelete, aFile("/d/f", "", 3, 9)), "-/d/f", "/d/@2 /d/s/@4 /d/s/a=A@4 /d/s/b=B@5"},
		{"delete what is not there", filled(), event(ActionDelete, aFile("/d/_h", "", 3, 9)), "", before},
		{"delete all", filled(), event(ActionDelete, aDir("/d", 9)), "-/d/f -/d/s/a -/d/s/b -/d/s -/d", ""},
		{"delete above", newMirrorTree("/d/s", aDir("/d/s", 4, aFile("/d/s/a", "A", 4, 4))), event(ActionExpire, aDir("/d", 9)), "-/d/s/a -/d/s", ""},
		{"TTL above", newMirrorTree("/d/s", aDir("/d/s", 4)), event(ActionUpdate, &Node{Key: "/d", Dir: true, ModifiedIndex: 9}), "", "/d/s/@4"},
		{"delete from nothing", empty(), event(ActionDelete, aDir("/d", 9)), "", ""},
		{"the directory appears", empty(), event(ActionSet, aDir("/d", 9)), "+/d/@9", "/d/@9"},
		{"the directory appears with something", empty(), event(ActionSet, aFile("/d/s/a", "A", 9, 9)), "+/d/@9 +/d/s/@9 +/d/s/a=A@9", "/d/@9 /d/s/@9 /d/s/a=A@9"},
		{"a file appears", empty(), event(ActionSet, aFile("/d", "A", 9, 9)), "+/d=A@9", "/d=A@9"},
		{"in the root", newMirrorTree("/", &Node{Key: "/", Dir: true}), event(ActionSet, aFile("/a/b", "B", 9, 9)), "+/a/@9 +/a/b=B@9", "/@0 /a/@9 /a/b=B@9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changes, err := test.tree.apply(test.event)
			check(t, "error", err, nil)
			check(t, "told", told(changes), test.told)
			check(t, "after", nodesText(test.tree.list(test.tree.dir)), test.after)
		})
	}
	t.Run("a node with Nodes", func(t *testing.T) {
		tree := filled()
		_, err := tree.apply(event(ActionUpdate, aDir("/d/s", 9, aFile("/d/s/x", "X", 9, 9))))
		check(t, "error", err, nil)
		check(t, "nodes", tree.get("/d/s").Nodes, []*Node(nil))
	})
	t.Run("unknown action", func(t *testing.T) {
		tree := filled()
		changes, err := tree.apply(event("rename", aFile("/d/f", "G", 9, 9)))
		checkIs(t, err, errUnknownAction)
		check(t, "told", told(changes), "")
		check(t, "after", nodesText(tree.list("/d")), before)
	})
}

func TestMirrorTreeFindsKeysAsPeopleWriteThem(t *testing.T) {
	tree := newMirrorTree("/d", aDir("/d", 2, aFile("/d/f", "F", 3, 3)))
	for _, key := range []string{"/d/f", "d/f", "/d/f/", "d/f/"} {
		check(t, key, tree.get(key), aFile("/d/f", "F", 3, 3))
	}
	for _, key := range []string{"", "/", "/d/g", "/e", "d//f", "/d/./f", "/d/f/..", "/d/\xff", "/d/f/x"} {
		if node := tree.get(key); node != nil {
			t.Errorf("%q is %v", key, node)
		}
	}
	check(t, "no such key", tree.list("/e"), []*Node(nil))
}

// What a mirror reads again is compared with what it had.
func TestMirrorTreeDiff(t *testing.T) {
	soon := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	old := newMirrorTree("/d", aDir("/d", 2,
		aDir("/d/gone", 4, aFile("/d/gone/a", "A", 4, 4)), aFile("/d/same", "S", 3, 3), aFile("/d/value", "1", 3, 3), aFile("/d/again", "1", 3, 3),
		&Node{Key: "/d/ttl", Expiration: soon, TTL: 9 * time.Second}, &Node{Key: "/d/refreshed", Expiration: soon},
		aDir("/d/turned", 5, aFile("/d/turned/b", "B", 5, 5))))
	next := newMirrorTree("/d", aDir("/d", 2,
		aFile("/d/turned", "T", 8, 8), aDir("/d/new", 9, aFile("/d/new/b", "B", 9, 9)), aFile("/d/same", "S", 3, 3),
		aFile("/d/value", "2", 3, 3), aFile("/d/again", "1", 3, 4), &Node{Key: "/d/ttl", Expiration: soon.In(time.FixedZone("", 3600)), TTL: time.Second},
		&Node{Key: "/d/refreshed", Expiration: soon.Add(time.Second)}))
	check(t, "told", told(old.diff(next)), "-/d/turned/b -/d/gone/a -/d/gone ~/d/again=1@3,4 +/d/new/@9 +/d/new/b=B@9 ~/d/refreshed=@0 ~/d/turned=T@8 ~/d/value=2@3")
	empty := newMirrorTree("/d", nil)
	check(t, "all gone", len(old.diff(empty)), 10)
	check(t, "all new", len(empty.diff(old)), 10)
	check(t, "nothing", old.diff(old), []mirrorChange(nil))
	check(t, "copy of nothing", empty.copy(), (*Node)(nil))
}

// naiveStore does what etcd's store does, as simply as it can be said.
type naiveStore struct {
	nodes map[string]*Node // all of them, the root left out
	index uint64
}

// step does something at random that the server would do, and returns the event of it; nil where
// it would refuse.
func (s *naiveStore) step(random *rand.Rand) *Response {
	names := []string{"a", "b", "b-", "c"}
	key := ""
	for range 1 + random.IntN(4) {
		key += "/" + names[random.IntN(len(names))]
	}
	old := s.nodes[key]
	value := fmt.Sprint(random.IntN(1000))
	switch random.IntN(9) {
	case 0, 1, 2, 3:
		if old != nil && old.Dir {
			return nil
		}
		return s.write(ActionSet, &Node{Key: key, Value: value})
	case 4:
		if old != nil && old.Dir {
			return nil
		}
		return s.write(ActionSet, &Node{Key: key, Dir: true})
	case 5:
		if old != nil {
			return nil
		}
		return s.write(ActionCreate, &Node{Key: key, Value: value})
	case 6:
		if old == nil {
			return nil
		}
		s.index++
		event := &Response{Action: ActionUpdate, Index: s.index, Node: bare(old)}
		event.Node.ModifiedIndex = s.index
		if !old.Dir {
			event.Node.Value = value
		}
		s.nodes[key] = bare(event.Node)
		if old.Dir { // as etcd up to 3.4 does it
			s.nodes[key].ModifiedIndex = old.ModifiedIndex
		}
		return event
	}
	if old == nil {
		return nil
	}
	s.index++
	maps.DeleteFunc(s.nodes, func(other string, _ *Node) bool { return other == key || strings.HasPrefix(other, key+"/") })
	action := []Action{ActionDelete, ActionExpire}[random.IntN(2)]
	return &Response{Action: action, Index: s.index, Node: &Node{Key: key, Dir: old.Dir, CreatedIndex: old.CreatedIndex, ModifiedIndex: s.index}}
}

// write stores node and what is missing above it.
func (s *naiveStore) write(action Action, node *Node) *Response {
	for dir := path.Dir(node.Key); dir != "/"; dir = path.Dir(dir) {
		if above := s.nodes[dir]; above != nil && !above.Dir {
			return nil
		}
	}
	s.index++
	node.CreatedIndex, node.ModifiedIndex = s.index, s.index
	for dir := path.Dir(node.Key); dir != "/" && s.nodes[dir] == nil; dir = path.Dir(dir) {
		s.nodes[dir] = aDir(dir, s.index)
	}
	s.nodes[node.Key] = node
	return &Response{Action: action, Index: s.index, Node: bare(node)}
}

// list returns what is at and below dir, as a sorted recursive read does.
func (s *naiveStore) list(dir string) []*Node {
	var nodes []*Node
	if dir == "/" {
		nodes = append(nodes, &Node{Key: "/", Dir: true})
	}
	for key, node := range s.nodes {
		if key == dir || strings.HasPrefix(key, strings.TrimSuffix(dir, "/")+"/") {
			nodes = append(nodes, node)
		}
	}
	slices.SortFunc(nodes, func(a, b *Node) int { return slices.Compare(segments(a.Key), segments(b.Key)) })
	return nodes
}

func segments(key string) []string { return strings.Split(strings.Trim(key, "/"), "/") }

// read returns dir with all below it, its children in any order, or nil.
func (s *naiveStore) read(dir string, random *rand.Rand) *Node {
	byKey := map[string]*Node{}
	for _, node := range s.list(dir) {
		byKey[node.Key] = bare(node)
		if parent := byKey[path.Dir(node.Key)]; parent != nil && node.Key != dir {
			parent.Nodes = append(parent.Nodes, byKey[node.Key])
		}
	}
	for _, node := range byKey {
		random.Shuffle(len(node.Nodes), func(i, j int) { node.Nodes[i], node.Nodes[j] = node.Nodes[j], node.Nodes[i] })
	}
	return byKey[dir]
}

// A naive store, a mirror of a part of it, and consumers of every pace do a random walk together.
func TestMirrorAgreesWithANaiveStore(t *testing.T) {
	for range 60 {
		seed := rand.Uint64()
		dir := []string{"/", "/a", "/a/b", "/c/c/c"}[seed%4]
		t.Run(fmt.Sprintf("%s seed %d", dir, seed), func(t *testing.T) { walkTogether(t, dir, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func walkTogether(t *testing.T, dir string, random *rand.Rand) {
	store := &naiveStore{nodes: map[string]*Node{}, index: 5}
	for range 20 {
		store.step(random)
	}
	m := &Mirror{dir: dir, tree: newMirrorTree(dir, store.read(dir, random)), index: store.index, feeds: map[*mirrorFeed]struct{}{}, client: &Client{}, changed: make(chan struct{})}
	var consumers []*toldOf
	for range 3 {
		consumers = append(consumers, &toldOf{feed: m.subscribe(), nodes: map[string]*Node{}})
	}
	for range 400 {
		if event := store.step(random); event == nil || !reaches(dir, event) {
			continue
		} else if err := m.apply(event); err != nil {
			t.Fatal(err)
		}
		if random.IntN(40) == 0 { // some events are missed, and everything is read again
			for range random.IntN(20) {
				store.step(random)
			}
			m.replace(newMirrorTree(dir, store.read(dir, random)), store.index, errors.New("missed"))
		}
		if got, want := nodesText(m.tree.list(dir)), nodesText(store.list(dir)); got != want {
			t.Fatalf("at %d the mirror holds\n     %s\nwant %s", store.index, got, want)
		}
		for i, c := range consumers {
			for range random.IntN(1 + 3*i) { // the first is told nothing before the end
				c.take(t)
			}
		}
	}
	check(t, "as one tree", nodesText(slices.Collect(m.Snapshot().Walk())), nodesText(store.list(dir)))
	for _, c := range consumers {
		for c.take(t) {
		}
		nodes := slices.SortedFunc(maps.Values(c.nodes), func(a, b *Node) int { return slices.Compare(segments(a.Key), segments(b.Key)) })
		check(t, "what a consumer was told", nodesText(nodes), nodesText(store.list(dir)))
		check(t, "pending", len(c.feed.places), 0)
	}
}

// reaches reports whether a watch of dir brings event.
func reaches(dir string, event *Response) bool {
	gone := event.Action == ActionDelete || event.Action == ActionExpire
	return covers(dir, event.Node.Key) || gone && covers(event.Node.Key, dir)
}

// toldOf is what a consumer has built from what it was told.
type toldOf struct {
	feed  *mirrorFeed
	nodes map[string]*Node
}

// take does the next change, and checks that it fits what was told before.
func (c *toldOf) take(t *testing.T) bool {
	t.Helper()
	change, ok := c.feed.take()
	if !ok || change.Type == ChangeResynced {
		return ok
	}
	was := c.nodes[change.Key]
	if change.Old == nil && was != nil || change.Old != nil && (was == nil || nodeText(change.Old) != nodeText(was)) {
		t.Fatalf("%v %s: old is %+v, told was %+v", change.Type, change.Key, change.Old, was)
	}
	if change.New == nil {
		delete(c.nodes, change.Key)
		for key := range c.nodes {
			if strings.HasPrefix(key, change.Key+"/") {
				t.Fatalf("%s is deleted before %s in it", change.Key, key)
			}
		}
		return true
	}
	c.nodes[change.Key] = change.New
	if parent := c.nodes[parentKey(change.Key)]; change.Key != c.feed.dir && (parent == nil || !parent.Dir) {
		t.Fatalf("%s is told of before the directory it is in", change.Key)
	}
	return true
}
