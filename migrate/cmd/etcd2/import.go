package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v2tree"
)

const importText = `
Import writes the nodes of a file that export has made into a cluster: with --to over the v2 API, with --to-v3 into etcd
v3. The file is read twice: before anything is written, its sum is checked, and that the target can store each key and
value.

--policy decides about keys that exist in the target:
  skip       leaves them as they are
  overwrite  writes every file
  compare    reads first, leaves what is equal alone, and replaces the rest by compare-and-swap, so that no change of
             another writer is undone

A node with a TTL gets the time that it has left, by the clock of this machine. A node whose time is up, or that is in a
directory whose time is up, is not written. Nothing is deleted, and a file never replaces a directory or the reverse.

In v3, --map names the keys, directories are nothing (but see --markers), and what expires in the same second shares a
lease. If there are keys already where the rules put them, nothing is written unless --policy is overwrite. The import
writes how far it is to the key _etcd2/import.

The outcome of each write is known: if a reply is lost, the key is read. Run the same command again after an error, an
interrupt or a crash; with compare, with skip and in v3, what has been written is not written again.`

type importing struct {
	v2     access
	v3     toV3
	s      streams
	file   string
	to     string // empty for v3
	policy string
	opts   v2tree.WriteOptions
	most   int // of the nodes that are listed
	listed int
}

func importFile(ctx context.Context, args []string, s streams) error {
	i := &importing{s: s}
	f := newFlags(s, "import --to URL[,URL…] | --to-v3 URL[,URL…] [FLAGS] FILE", importText)
	f.StringVar(&i.to, "to", "", "client `URLs` of the target's members, with commas between them")
	i.v3.flags(f)
	f.StringVar(&i.policy, "policy", "skip", "skip, overwrite or compare")
	f.BoolVar(&i.opts.DryRun, "dry-run", false, "only read, and say what would be done")
	f.Float64Var(&i.opts.Rate, "rate", 0, "writes a second at most; 0 means no limit")
	f.IntVar(&i.opts.Parallel, "parallel", 16, "how many nodes to write at once, not in v3")
	f.IntVar(&i.most, "list", 20, "how many refused nodes to list")
	i.v2.flags(f)
	operands, err := parse(f, s, args, 1)
	if err != nil {
		return err
	}
	i.file = operands[0]
	policies := map[string]v2tree.Policy{"skip": v2tree.Skip, "overwrite": v2tree.Overwrite, "compare": v2tree.Compare}
	policy, known := policies[i.policy]
	switch {
	case (i.to == "") == (i.v3.to == ""):
		return usagef("either --to or --to-v3 is needed")
	case !known:
		return usagef("--policy %q is none of skip, overwrite and compare", i.policy)
	case i.opts.Parallel < 1 || i.opts.Rate < 0:
		return usagef("--parallel is at least 1, and --rate is not negative")
	}
	i.opts.Policy, i.opts.Patience = policy, i.v2.patience
	wrong := storable
	if i.to == "" {
		wrong = func(dump.Node) error { return nil } // v3tree checks
	}
	footer, err := i.check(wrong)
	switch {
	case err != nil:
		return err
	case i.to == "":
		return i.writeV3(ctx, footer)
	}
	return i.write(ctx)
}

// check reads the whole file, so that nothing is written if it is not complete, or if wrong finds something in it.
func (i *importing) check(wrong func(dump.Node) error) (dump.Footer, error) {
	reader, f, err := open(i.file)
	if err != nil {
		return dump.Footer{}, err
	}
	defer f.Close()
	found := 0
	for n, err := range reader.Nodes() {
		if err != nil {
			return dump.Footer{}, fmt.Errorf("%s: %w", i.file, err)
		}
		if err := wrong(n); err != nil {
			found++
			i.list(err)
		}
	}
	if found > 0 {
		i.s.warn("the target cannot store %d nodes of %s; nothing was written", found, i.file)
		return dump.Footer{}, errNotRight
	}
	if !reader.Footer().PointInTime {
		i.s.warn("%s is not a point in time: its tree changed while it was read", i.file)
	}
	return reader.Footer(), nil
}

func (i *importing) list(err error) {
	if i.listed++; i.listed <= i.most {
		i.s.warn("%v", err)
	}
}

func (i *importing) write(ctx context.Context) error {
	client, err := i.v2.client(i.to, "")
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.Version(ctx); err != nil { // a wrong address need not be tried for long
		return err
	}
	progress := newProgress(i.s, "imported")
	i.opts.Report = func(n dump.Node, outcome v2tree.Outcome, err error) {
		progress.step(n.Key)
		if outcome == v2tree.Failed {
			i.list(err)
		}
	}
	begin := time.Now()
	counts, err := v2tree.Write(ctx, client, i.nodes(), i.opts)
	fmt.Fprintf(i.s.out, "%s%s (%v)\n", i.would(), counts, time.Since(begin).Round(time.Millisecond))
	switch {
	case err != nil:
		return fmt.Errorf("%w\nthe import is not finished; run the same command again to go on", err)
	case counts[v2tree.Failed] > 0:
		return errNotRight
	}
	return nil
}

func (i *importing) would() string {
	if i.opts.DryRun {
		return "dry run, nothing was written: "
	}
	return ""
}

// storable reports what etcd v2 cannot store.
func storable(n dump.Node) error {
	switch {
	case !utf8.ValidString(n.Key) || !utf8.ValidString(n.Value):
		return fmt.Errorf("%q: etcd v2 does not keep bytes that are not valid UTF-8", n.Key)
	case path.Clean(n.Key) != n.Key:
		return fmt.Errorf("%q: a segment of the key is empty, \".\" or \"..\"", n.Key)
	}
	return nil
}

// open opens a file, which the caller closes.
func open(name string) (*dump.Reader, io.Closer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	reader, err := dump.NewReader(f)
	if err != nil {
		if strings.HasSuffix(name, dump.Partial("")) {
			err = fmt.Errorf("%w; it is the beginning of an export: run that export again", err)
		}
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return reader, f, nil
}
