package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v2tree"
)

const exportText = `
Export reads a tree over the v2 API and writes it to a file, a line of JSON for each node, sorted by key.

The tree is read a directory at a time, so memory depends on the largest directory, not on the tree. If something
changes meanwhile, the file is not of one moment, and export says so at the end. To get one moment, stop the writers,
or use --one-index, which reads the whole tree into memory with one request.

Etcd lists no hidden keys, whose names begin with "_", and nothing can find them out. Name those that your programs use
with --hidden: by path, as /app/_locks, or by name, as _locks, which is then looked for in every directory. Export looks
for some well-known ones and says which of them exist.

Reads do not use quorum, because on etcd 3.5 a quorum read leaves an entry in the log that keeps etcd 3.6 from starting.
Instead, export asks each endpoint for its index first, and accepts no answer from a member that is behind. So name all
members in --from. With --quorum, reads go through the log.

Until the file is complete, it has the name FILE.partial. Run the same command again after an error, an interrupt or a
crash: it goes on behind the last key. The package documentation of migrate/dump has the format.`

// wholeTree is how long a member may take to answer with a whole tree: a million nodes take some ten seconds.
const wholeTree = 10 * time.Minute

type exporting struct {
	v2          access
	s           streams
	from, out   string
	opts        v2tree.ReadOptions
	force       bool
	client      reader
	replaced    int           // nodes with U+FFFD
	skew        time.Duration // of the server's clock against ours
	skewed      bool          // whether the skew is known
	interrupted bool          // whether an earlier run has begun the file
	clusterID   string        // that of the earlier run
}

func export(ctx context.Context, args []string, s streams) error {
	e := &exporting{s: s}
	f := newFlags(s, "export --from URL[,URL…] --out FILE [FLAGS]", exportText)
	f.StringVar(&e.from, "from", "", "client `URLs` of the members, with commas between them")
	f.StringVar(&e.out, "out", "", "the `file` to write")
	f.StringVar(&e.opts.Root, "root", "/", "the `directory` or key to export")
	f.Var((*list)(&e.opts.Hidden), "hidden", "a hidden `key` to export, too, by path or by name; can be repeated")
	f.BoolVar(&e.opts.OneIndex, "one-index", false, "read with one request, at one etcd index; needs memory for the whole tree")
	f.BoolVar(&e.opts.Quorum, "quorum", false, "read with quorum; on etcd 3.5 this keeps etcd 3.6 from starting until a snapshot is taken")
	f.BoolVar(&e.force, "force", false, "replace FILE if it exists")
	e.v2.flags(f)
	if _, err := parse(f, s, args, 0); err != nil {
		return err
	}
	switch {
	case e.from == "" || e.out == "":
		return usagef("--from and --out are needed")
	case e.opts.Root != path.Clean("/"+e.opts.Root):
		return usagef("--root %q is not a clean path that begins with a slash", e.opts.Root)
	}
	if _, err := os.Stat(e.out); err == nil && !e.force {
		return usagef("%s exists; --force replaces it", e.out)
	}
	if e.opts.OneIndex {
		e.v2.attempt = max(e.v2.attempt, wholeTree)
	}
	e.opts.Patience = e.v2.patience
	return e.run(ctx)
}

func (e *exporting) run(ctx context.Context) error {
	file, err := e.resume()
	if err != nil {
		return err
	}
	if file != nil && file.Done() {
		if err := file.Close(dump.Footer{}); err != nil {
			return err
		}
		e.s.warn("%s was complete except for its name, which it has now", e.out)
		return nil
	}
	if file != nil {
		defer func() { _ = file.Suspend() }() // which fails if the file has been closed by then
	}
	if e.client, err = e.v2.reader(e.from, e.clusterID, e.opts.Quorum); err != nil {
		return err
	}
	defer e.client.Close()
	if !e.opts.Quorum {
		e.opts.MinIndex = max(e.opts.MinIndex, e.v2.reached(ctx, e.from, e.opts.Root, e.s))
	}
	for _, key := range e.missed(ctx) {
		e.s.warn("the hidden key %s exists and will not be in the file; --hidden %s exports it", key, key)
	}
	e.warnOfAncestors(ctx)
	tree, err := v2tree.Open(ctx, e.client.Client, e.opts)
	if err != nil {
		return err
	}
	if file == nil {
		if file, err = e.create(ctx, tree); err != nil {
			return err
		}
	}
	if err := e.write(ctx, tree, file); err != nil {
		return errors.Join(fmt.Errorf("%w\n%s has %d nodes so far; run the same command again to go on", err, dump.Partial(e.out), file.Nodes()),
			file.Suspend())
	}
	return e.finish(ctx, tree, file)
}

// resume takes up the file of an earlier run, if there is one. It returns nil to begin a file.
func (e *exporting) resume() (*dump.File, error) {
	file, err := dump.Continue(e.out)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, dump.ErrIncomplete): // not even its header was whole
		return nil, nil
	case errors.Is(err, dump.ErrBusy):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s: %w; delete it to begin again", dump.Partial(e.out), err)
	case file.Header.Root != e.opts.Root || !slices.Equal(file.Header.Hidden, e.opts.Hidden):
		return nil, errors.Join(usagef("%s is of another export: --root %s --hidden %s; go on with these flags, or delete it",
			dump.Partial(e.out), file.Header.Root, strings.Join(file.Header.Hidden, " --hidden ")), file.Suspend())
	case file.Done():
		return file, nil
	case e.opts.OneIndex: // the rest would be of another index
		return nil, errors.Join(file.Suspend(), os.Remove(dump.Partial(e.out)))
	}
	e.interrupted, e.clusterID = true, file.Header.Cluster
	e.opts.After, e.opts.MinIndex = file.Last(), file.Header.Index
	e.s.warn("going on with %s after %d nodes, behind %q", dump.Partial(e.out), file.Nodes(), file.Last())
	return file, nil
}

func (e *exporting) create(ctx context.Context, tree *v2tree.Tree) (*dump.File, error) {
	version, err := e.client.Version(ctx)
	if err != nil {
		e.s.warn("the version of the server is not known: %v", err)
	}
	return dump.Create(e.out, dump.Header{
		Cluster: tree.ClusterID(), Server: version.Server, Index: tree.Index(),
		Root: e.opts.Root, Hidden: e.opts.Hidden, Started: time.Now().UTC().Truncate(time.Second),
	})
}

func (e *exporting) write(ctx context.Context, tree *v2tree.Tree, file *dump.File) error {
	progress := newProgress(e.s, "exported")
	for n, err := range tree.Nodes(ctx) {
		if err != nil {
			return err
		}
		if err := file.Write(n); err != nil {
			return err
		}
		e.notice(n)
		progress.step(n.Key)
	}
	return nil
}

func (e *exporting) finish(ctx context.Context, tree *v2tree.Tree, file *dump.File) error {
	lowest, highest := tree.Indexes()
	footer := dump.Footer{Index: highest, PointInTime: lowest == highest && !e.interrupted}
	if err := file.Close(footer); err != nil {
		return err
	}
	fmt.Fprintf(e.s.out, "%s: %d nodes, etcd index %d\n", e.out, file.Nodes(), highest)
	switch {
	case e.interrupted:
		fmt.Fprintf(e.s.out, "The export was interrupted and went on, so the file is not a point in time:\n"+
			"it began at index %d and ended at index %d.\n", file.Header.Index, highest)
	case !footer.PointInTime:
		fmt.Fprintf(e.s.out, "The tree changed during the export, between index %d and %d, so the file is not a point in time.\n"+
			"It may have some of these changes and lack others. Stop the writers, or use --one-index.\n", lowest, highest)
	}
	e.tell(ctx)
	return nil
}
