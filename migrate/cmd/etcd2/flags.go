package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// newFlags returns the flags of a command. The text says what the command does.
func newFlags(s streams, synopsis, text string) *flag.FlagSet {
	f := flag.NewFlagSet("etcd2", flag.ContinueOnError)
	f.SetOutput(s.err)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "Usage: etcd2 %s\n\n%s\n\nFlags:\n", synopsis, strings.TrimSpace(text))
		f.PrintDefaults()
	}
	return f
}

// parse reads the command line, in which flags and operands may be mixed, and returns the operands.
func parse(f *flag.FlagSet, s streams, args []string, operands int) ([]string, error) {
	for _, arg := range args {
		if arg == "-h" || arg == "-help" || arg == "--help" {
			f.SetOutput(s.out)
		}
	}
	var rest []string
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, usageError{err}
		}
		if f.NArg() == 0 {
			break
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
	if len(rest) != operands {
		return nil, usagef("%d operands are needed, and there are %d", operands, len(rest))
	}
	return rest, nil
}

// A list is a flag that can be repeated.
type list []string

func (l *list) String() string {
	return strings.Join(*l, " ")
}

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}
