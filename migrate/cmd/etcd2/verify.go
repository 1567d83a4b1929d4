package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v2tree"
	"github.com/etcdv2/client/migrate/verify"
)

const verifyText = `
Verify compares two trees, A and B, and prints each difference. A tree is
  http://host:2379[,http://…]     a cluster, read over the v2 API
  v3:http://host:2379[,http://…]  a cluster, read over v3
  a path                          a file that export has made

It reads both at the same time and keeps only a little of each in memory. If something is written meanwhile, it may show
as a difference. Indexes are not compared. Values are compared and not printed.

If one of the trees is of v3, the other one is compared as v3 can hold it: without directories, with the keys that --map
makes, and a file expires with the first directory above it. Use the flags of the import.

If one of the trees is a file, a cluster is read as the export read it: with the same root and hidden keys. Reads do not
use quorum; see etcd2 export --help.`

type verifying struct {
	v2        access
	v3        accessV3
	layout    layout
	leaveOut  bool
	s         streams
	read      v2tree.ReadOptions
	opts      verify.Options
	most      int
	closeThem []io.Closer
}

func verifyTrees(ctx context.Context, args []string, s streams) error {
	v := &verifying{s: s}
	f := newFlags(s, "verify [FLAGS] A B", verifyText)
	f.StringVar(&v.read.Root, "root", "", "the `directory` or key to compare (default: that of the file, or /)")
	f.Var((*list)(&v.read.Hidden), "hidden", "a hidden `key` to compare, too, by path or by name; can be repeated (default: those of the file)")
	f.BoolVar(&v.read.Quorum, "quorum", false, "read with quorum; on etcd 3.5 this keeps etcd 3.6 from starting until a snapshot is taken")
	f.DurationVar(&v.opts.Tolerance, "tolerance", 5*time.Second, "by how much times of expiry may differ")
	f.BoolVar(&v.opts.FilesOnly, "files-only", false, "do not compare directories")
	f.IntVar(&v.most, "list", 100, "how many differences to print; 0 is all")
	v.layout.flags(f)
	f.BoolVar(&v.leaveOut, "leave-out", false, "leave out keys that no --map fits")
	v.v2.flags(f)
	v.v3.flags(f)
	operands, err := parse(f, s, args, 2)
	if err != nil {
		return err
	}
	v.read.Patience = v.v2.patience
	return v.run(ctx, operands[0], operands[1])
}

func (v *verifying) run(ctx context.Context, a, b string) error {
	defer func() {
		for _, c := range v.closeThem {
			c.Close()
		}
	}()
	// Files come first, because their headers say how to read the clusters.
	sides := [2]iter.Seq2[dump.Node, error]{}
	for _, files := range []bool{true, false} {
		for i, name := range []string{a, b} {
			if isFile(name) != files {
				continue
			}
			var err error
			if sides[i], err = v.open(ctx, name); err != nil {
				return err
			}
		}
	}
	if err := v.flatten(&sides, a, b); err != nil {
		return err
	}
	listed := 0
	sum, err := verify.Compare(v.counted(sides[0]), sides[1], v.opts, func(d verify.Difference) {
		if listed++; v.most == 0 || listed <= v.most {
			fmt.Fprintln(v.s.out, d)
		}
	})
	if err != nil {
		return err
	}
	if v.most > 0 && listed > v.most {
		fmt.Fprintf(v.s.out, "and %d more\n", listed-v.most)
	}
	fmt.Fprintln(v.s.out, sum)
	if sum.Different() > 0 {
		fmt.Fprintf(v.s.out, "A is %s, and B is %s: missing is only in A, and extra is only in B.\n", a, b)
		return errNotRight
	}
	return nil
}

func isFile(name string) bool {
	return !strings.Contains(name, "://")
}

func (v *verifying) open(ctx context.Context, name string) (iter.Seq2[dump.Node, error], error) {
	if isFile(name) {
		return v.openFile(name)
	}
	if endpoints, ok := strings.CutPrefix(name, v3Prefix); ok {
		return v.openV3(ctx, endpoints)
	}
	client, err := v.v2.reader(name, "", v.read.Quorum)
	if err != nil {
		return nil, err
	}
	v.closeThem = append(v.closeThem, client)
	return v.openTree(ctx, name, client.Client)
}

func (v *verifying) openFile(name string) (iter.Seq2[dump.Node, error], error) {
	reader, file, err := open(name)
	if err != nil {
		return nil, err
	}
	v.closeThem = append(v.closeThem, file)
	header := reader.Header()
	if v.read.Root == "" {
		v.read.Root = header.Root
	}
	if v.read.Hidden == nil {
		v.read.Hidden = header.Hidden
	}
	return reader.Nodes(), nil
}

func (v *verifying) openTree(ctx context.Context, endpoints string, client *etcd.Client) (iter.Seq2[dump.Node, error], error) {
	read := v.read
	if read.Root == "" {
		read.Root = "/"
	}
	if !read.Quorum {
		read.MinIndex = v.v2.reached(ctx, endpoints, read.Root, v.s)
	}
	tree, err := v2tree.Open(ctx, client, read)
	if err != nil {
		return nil, err
	}
	return tree.Nodes(ctx), nil
}

// counted shows how far the comparison is.
func (v *verifying) counted(nodes iter.Seq2[dump.Node, error]) iter.Seq2[dump.Node, error] {
	progress := newProgress(v.s, "compared")
	return func(yield func(dump.Node, error) bool) {
		for n, err := range nodes {
			progress.step(n.Key)
			if !yield(n, err) {
				return
			}
		}
	}
}
