package doctor

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v2tree"
)

// A Tree is what is stored in v2.
type Tree struct {
	Keys, Dirs int      // hidden ones included, as far as their names are known
	Bytes      int64    // of keys and values
	Top        []string // the first keys and directories at the top, up to one more than the report lists

	Hidden    Sample // hidden keys and directories that were found
	Expiring  Sample // keys with a TTL
	MortalDir Sample // directories with a TTL, which v3 has not
	EmptyDir  Sample // directories with nothing in them, which v3 has not
	TooLarge  Sample // keys that are, with their values, above the limit of v3
	Unmapped  Sample // keys that have no place in v3
	Replaced  Sample // keys or values with bytes that etcd has replaced, because they are not valid UTF-8
}

// A Sample counts keys, and has the first few of them.
type Sample struct {
	Count int
	First []string
}

const sampleSize = 3

func (s *Sample) add(key string) {
	if s.Count++; len(s.First) < sampleSize {
		s.First = append(s.First, key)
	}
}

// patience is how long to repeat a read that no member answers.
const patience = 10 * time.Second

func surveyTree(ctx context.Context, client *etcd.Client, opts Options) (*Tree, error) {
	source, err := v2tree.Open(ctx, client, v2tree.ReadOptions{
		Hidden: append(append([]string{}, v2tree.WellKnownHidden...), opts.Hidden...), Patience: patience,
	})
	if err != nil {
		return nil, err
	}
	s := survey{tree: &Tree{}, largest: opts.LargestValue, maps: opts.Maps}
	for node, err := range source.Nodes(ctx) {
		if err != nil {
			return nil, err
		}
		s.add(node)
		opts.Progress(node.Key)
	}
	s.close("")
	return s.tree, nil
}

// A survey counts the nodes of a tree as they come, in the order of their keys.
type survey struct {
	tree    *Tree
	largest int
	maps    func(key string) bool
	open    []string // directories in which nothing has been found yet
}

func (s *survey) add(n dump.Node) {
	s.fill(n.Key)
	s.close(n.Key)
	t := s.tree
	t.Bytes += int64(len(n.Key) + len(n.Value))
	name := n.Key[strings.LastIndexByte(n.Key, '/')+1:]
	if strings.LastIndexByte(n.Key, '/') == 0 && len(t.Top) <= listed {
		t.Top = append(t.Top, n.Key)
	}
	if strings.HasPrefix(name, "_") {
		t.Hidden.add(n.Key)
	}
	if strings.ContainsRune(n.Key, utf8.RuneError) || strings.ContainsRune(n.Value, utf8.RuneError) {
		t.Replaced.add(n.Key)
	}
	mortal := !n.Expires.IsZero()
	if n.Dir {
		t.Dirs++
		s.open = append(s.open, n.Key)
		if mortal {
			t.MortalDir.add(n.Key)
		}
		return
	}
	t.Keys++
	if mortal {
		t.Expiring.add(n.Key)
	}
	if !s.maps(n.Key) {
		t.Unmapped.add(n.Key)
	}
	if len(n.Key)+len(n.Value) > s.largest {
		t.TooLarge.add(n.Key)
	}
}

// fill takes note that something is in the directory of key.
func (s *survey) fill(key string) {
	dir := key[:strings.LastIndexByte(key, '/')]
	for i, open := range s.open {
		if open == dir {
			s.open = append(s.open[:i], s.open[i+1:]...)
			return
		}
	}
}

// close counts the directories that stay empty: those whose place in the order is behind.
func (s *survey) close(next string) {
	var still []string
	for _, dir := range s.open {
		if next != "" && next < dir+"/" { // "/a.b" comes between "/a" and what is in it
			still = append(still, dir)
			continue
		}
		s.tree.EmptyDir.add(dir)
	}
	s.open = still
}
