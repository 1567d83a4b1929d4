package replicate

import (
	"path"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// An edit is what a key of the target has to become.
type edit struct {
	key     string // of v2; that of a marker ends in a slash
	gone    bool
	dir     bool // a directory of v2, or a marker
	value   string
	expires time.Time // by this machine's clock; zero except at the cut-over
}

// holds reports whether the target has what the edit wants, where node is what it has. Of an expiry, it only matters whether
// there is one.
func (e edit) holds(node dump.Node, there bool) bool {
	if e.gone || !there {
		return e.gone != there
	}
	return e.dir == node.Dir && e.value == node.Value && e.expires.IsZero() == node.Expires.IsZero()
}

// editOf returns the edit that makes key what it is in the source; nil is nothing.
func editOf(key string, node *etcd.Node) edit {
	if node == nil {
		return edit{key: key, gone: true}
	}
	return edit{key: key, dir: node.Dir, value: node.Value}
}

// A batch is the edits that are written together. A later edit of a key replaces an earlier one.
type batch struct {
	edits []edit
	at    map[string]int
}

func (b *batch) add(e edit) {
	if at, ok := b.at[e.key]; ok {
		b.edits[at] = e
		return
	}
	if b.at == nil {
		b.at = map[string]int{}
	}
	b.at[e.key] = len(b.edits)
	b.edits = append(b.edits, e)
}

func (b *batch) take() []edit {
	edits := b.edits
	*b = batch{}
	return edits
}

// A shape says what a change of the source is in the target.
type shape interface {
	edits(etcd.Change) []edit

	// of returns the edit that makes key what node, from the source, is there; nil is nothing. key may be that of a marker.
	of(key string, node *etcd.Node) edit
}

// asTree is the shape of a target that has directories.
type asTree struct{}

func (asTree) of(key string, node *etcd.Node) edit { return editOf(key, node) }

func (asTree) edits(c etcd.Change) []edit {
	if c.Key == "/" || same(c.Old, c.New) {
		return nil
	}
	return []edit{editOf(c.Key, c.New)}
}

// same reports whether a change leaves what is copied as it is: a program that gives a key a new TTL writes its value again.
func same(a, b *etcd.Node) bool {
	return a != nil && b != nil && a.Dir == b.Dir && a.Value == b.Value
}

// asFiles is the shape of a target that has no directories, but markers for those that nothing is in.
type asFiles struct {
	markers bool
	dirs    map[string]*content
}

// content is what is known of a directory.
type content struct {
	exists   bool
	children int
}

func newFiles(markers bool) *asFiles { return &asFiles{markers: markers, dirs: map[string]*content{}} }

func (f *asFiles) of(key string, node *etcd.Node) edit {
	if dir, ok := markerOf(key); ok {
		c := f.dirs[dir]
		return edit{key: key, dir: true, gone: !f.markers || c == nil || !c.exists || c.children > 0}
	}
	if node != nil && node.Dir {
		node = nil
	}
	return editOf(key, node)
}

// markerOf returns the directory that a key is the marker of.
func markerOf(key string) (string, bool) {
	if n := len(key) - 1; n > 0 && key[n] == '/' {
		return key[:n], true
	}
	return "", false
}

func (f *asFiles) edits(c etcd.Change) []edit {
	if c.Key == "/" {
		return nil
	}
	var edits []edit
	was, is := c.Old != nil && !c.Old.Dir, c.New != nil && !c.New.Dir
	switch {
	case is && !same(c.Old, c.New):
		edits = append(edits, editOf(c.Key, c.New))
	case was && !is:
		edits = append(edits, edit{key: c.Key, gone: true})
	}
	if !f.markers {
		return edits
	}
	if was, is := c.Old != nil && c.Old.Dir, c.New != nil && c.New.Dir; was != is {
		f.dir(c.Key).exists = is
		edits = f.mark(edits, c.Key)
	}
	if parent := path.Dir(c.Key); (c.Old == nil) != (c.New == nil) {
		before := f.dir(parent).children
		if c.Old == nil {
			f.dir(parent).children++
		} else {
			f.dir(parent).children--
		}
		if f.dir(parent).exists && (before == 0) != (f.dir(parent).children == 0) {
			edits = f.mark(edits, parent)
		}
		f.forget(parent)
	}
	f.forget(c.Key)
	return edits
}

// mark adds the edit of a directory's marker.
func (f *asFiles) mark(edits []edit, dir string) []edit {
	return append(edits, f.of(dir+"/", nil))
}

func (f *asFiles) dir(key string) *content {
	c := f.dirs[key]
	if c == nil {
		c = &content{}
		f.dirs[key] = c
	}
	return c
}

// forget drops what is nothing.
func (f *asFiles) forget(key string) {
	if c := f.dirs[key]; c != nil && *c == (content{}) {
		delete(f.dirs, key)
	}
}
