// Command etcd2 moves data out of etcd's v2 API: into a file, into another v2 cluster, and into etcd v3.
//
//	etcd2 export     write a v2 tree to a file
//	etcd2 import     write such a file into a cluster
//	etcd2 verify     compare two of: a v2 cluster, a file, a v3 cluster
//	etcd2 replicate  make a cluster the live copy of a v2 cluster, and move the writers there
//	etcd2 doctor     say who still speaks v2, and what keeps etcd 3.6 from starting
//
// Each prints its flags with --help. The exit code is
//
//	0  if the work is done, or the trees are equal
//	1  if the work is finished, but not everything is right: the trees differ, or nodes were refused
//	2  if the command line is wrong
//	3  if the work is not finished, because of an error or an interrupt; the same command goes on with it
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// A command is a subcommand. Its file has the rest of it.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, s streams) error
}

var commands = []command{
	{"export", "write a v2 tree to a file", export},
	{"import", "write such a file into a cluster", importFile},
	{"verify", "compare two of: a v2 cluster, a file, a v3 cluster", verifyTrees},
	{"replicate", "make a cluster the live copy of a v2 cluster, and move the writers there", replicateTree},
	{"doctor", "say who still speaks v2, and what keeps etcd 3.6 from starting", examine},
}

// streams is where a command writes: results to out, progress and warnings to err.
type streams struct {
	out, err io.Writer
}

func (s streams) warn(format string, args ...any) {
	fmt.Fprintf(s.err, "etcd2: "+format+"\n", args...)
}

// errNotRight is the error of work that is finished and of which not everything is right. The command has said what.
var errNotRight = errors.New("not everything is right")

// A usageError is a mistake in the command line.
type usageError struct {
	error
}

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}))
}

func run(ctx context.Context, args []string, s streams) int {
	if len(args) == 0 {
		usage(s.err)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(s.out)
		return 0
	}
	for _, c := range commands {
		if c.name == args[0] {
			return exitCode(c.name, c.run(ctx, args[1:], s), s)
		}
	}
	s.warn("it has no command %q", args[0])
	usage(s.err)
	return 2
}

func exitCode(name string, err error, s streams) int {
	var wrong usageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errNotRight):
		return 1
	case errors.As(err, &wrong):
		s.warn("%v; see etcd2 %s --help", err, name)
		return 2
	case errors.Is(err, context.Canceled):
		err = errors.New("interrupted; the same command goes on with it")
	}
	s.warn("%v", err)
	return 3
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Usage: etcd2 COMMAND [FLAGS] …\n\nCommands:\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
etcd2 COMMAND --help prints what a command does, and its flags.

Exit codes:
  0  the work is done, or the trees are equal
  1  the work is finished, but not everything is right: the trees differ, or nodes were refused
  2  the command line is wrong
  3  the work is not finished, because of an error or an interrupt; the same command goes on with it
`)
}
