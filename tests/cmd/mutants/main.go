// Command mutants breaks the library in many small ways, one at a time, and runs the unit tests of the packages
// that use the broken file. A mutant that no test fails with, a survivor, shows that a test is missing. The
// mutants are listed in the text files of this folder, see mutant.
//
// It fails if fewer than 95 % of the mutants are killed, if a survivor has no stated reason, or if the list does
// not fit the code any more. No file of the tree is changed: the go command reads the broken one from a temporary
// directory (go help build, -overlay).
//
// With -plants, it breaks the library in the ways that the lists of faults/sim name, and it fails if the simulation
// does not find each of these plants, see simulation. Docs/simulation.md has the record.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// leastKilled is how many of a hundred mutants must be killed.
const leastKilled = 95

func main() {
	chosen := flag.String("run", "", "only mutants whose ID matches this `regexp`")
	atOnce := flag.Int("n", runtime.GOMAXPROCS(0), "how many mutants are tried at once")
	limit := flag.Duration("limit", 3*time.Minute, "after this `time` the tests of a package have failed")
	plant := flag.Bool("plants", false, "plant the bugs of "+plantsDir+" in the simulation instead")
	budget := flag.String("budget", "4h in 5m", "`time` to simulate in search of a plant, and how long that may take")
	seed := flag.Uint64("seed", 1, "of the first simulation in search of a plant")
	record := flag.String("record", "", "the `document` to record in how the plants were found")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := library(ctx)
	t := trial{root: root, limit: *limit}
	switch {
	case err != nil:
	case *plant:
		err = searchAll(ctx, t, *chosen, *atOnce, *budget, *seed, *record)
	default:
		err = run(ctx, t, *chosen, *atOnce)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// library returns the directory of the library.
func library(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/etcdv2/client").Output()
	if err != nil {
		return "", fmt.Errorf("finding the library: %w", err)
	}
	return strings.TrimSpace(string(root)), nil
}

// run tries the chosen mutants.
func run(ctx context.Context, t trial, chosen string, atOnce int) error {
	mutants, err := list(lists)
	if err != nil {
		return err
	}
	if mutants, err = choose(mutants, chosen); err != nil {
		return err
	}
	if err := t.check(ctx, mutants); err != nil {
		return err
	}
	return try(ctx, t, mutants, atOnce)
}

// choose returns the mutants whose IDs match a pattern.
func choose(mutants []mutant, chosen string) ([]mutant, error) {
	pattern, err := regexp.Compile(chosen)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(mutants, func(m mutant) bool { return !pattern.MatchString(m.id) }), nil
}

// each calls f for each mutant, so many at once, until ctx ends.
func each(ctx context.Context, mutants []mutant, atOnce int, f func(mutant)) {
	turns := make(chan struct{}, max(atOnce, 1))
	var trying sync.WaitGroup
	for _, m := range mutants {
		turns <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		trying.Go(func() {
			f(m)
			<-turns
		})
	}
	trying.Wait()
}

// try tries so many mutants at once, reports on each, and returns what is wrong with them.
func try(ctx context.Context, t trial, mutants []mutant, atOnce int) error {
	start := time.Now()
	var mu sync.Mutex
	var tried, killed int
	var wrong []error
	report := func(m mutant, killer string, err error) {
		mu.Lock()
		defer mu.Unlock()
		tried++
		word := "killed"
		switch {
		case err != nil:
			word, killer = "ERROR", err.Error()
			wrong = append(wrong, fmt.Errorf("%s: %w", m.id, err))
		case killer == "" && m.survives == "":
			word = "SURVIVES"
			wrong = append(wrong, fmt.Errorf("%s survives, and no reason is stated: %s", m.id, m.breaks))
		case killer == "":
			word, killer = "survives", m.survives
		case m.survives != "":
			wrong = append(wrong, fmt.Errorf("%s is killed by %s, but is said to survive", m.id, killer))
			fallthrough
		default:
			killed++
		}
		fmt.Printf("%3d/%d %-8s %-40s %s\n", tried, len(mutants), word, m.id, killer)
	}
	each(ctx, mutants, atOnce, func(m mutant) {
		if killer, err := t.try(ctx, m); ctx.Err() == nil {
			report(m, killer, err)
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Printf("%d of %d mutants are killed, in %v\n", killed, len(mutants), time.Since(start).Round(time.Second))
	if 100*killed < leastKilled*len(mutants) {
		wrong = append(wrong, fmt.Errorf("fewer than %d %% are killed", leastKilled))
	}
	return errors.Join(wrong...)
}
