// Command mutants breaks the library in many small ways, one at a time, and runs the unit tests of the packages
// that use the broken file. A mutant that no test fails with, a survivor, shows that a test is missing. The
// mutants are listed in the text files of this folder, see mutant.
//
// It fails if fewer than 95 % of the mutants are killed, if a survivor has no stated reason, or if the list does
// not fit the code any more. No file of the tree is changed: the go command reads the broken one from a temporary
// directory (go help build, -overlay).
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
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *chosen, *atOnce, *limit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run tries the chosen mutants.
func run(ctx context.Context, chosen string, atOnce int, limit time.Duration) error {
	pattern, err := regexp.Compile(chosen)
	if err != nil {
		return err
	}
	mutants, err := list()
	if err != nil {
		return err
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/etcdv2/client").Output()
	if err != nil {
		return fmt.Errorf("finding the library: %w", err)
	}
	mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !pattern.MatchString(m.id) })
	t := trial{root: strings.TrimSpace(string(root)), limit: limit}
	if err := t.check(ctx, mutants); err != nil {
		return err
	}
	return try(ctx, t, mutants, max(atOnce, 1))
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
	turns := make(chan struct{}, atOnce)
	var trying sync.WaitGroup
	for _, m := range mutants {
		turns <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		trying.Go(func() {
			killer, err := t.try(ctx, m)
			if <-turns; ctx.Err() == nil {
				report(m, killer, err)
			}
		})
	}
	trying.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Printf("%d of %d mutants are killed, in %v\n", killed, len(mutants), time.Since(start).Round(time.Second))
	if 100*killed < leastKilled*len(mutants) {
		wrong = append(wrong, fmt.Errorf("fewer than %d %% are killed", leastKilled))
	}
	return errors.Join(wrong...)
}
