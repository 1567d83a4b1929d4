package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Where the workloads are, and the lists of bugs to plant there. The ID of a plant begins with its workload.
const (
	simulationDir = "tests/faults/sim"
	plantsDir     = simulationDir + "/plants"
)

// piece is how long one seed is simulated. Seeds differ in members and clocks, so several find more than a long one.
const piece = 15 * time.Minute

// passLimit is how long a run without a plant may take, whatever the budget for plants is.
const passLimit = 10 * time.Minute

// cheap makes a run use half as much of the processors: goroutines of a bubble mostly wait for each other, and there is
// little to collect. What the user sets comes later in the environment, and counts.
var cheap = []string{"GOMAXPROCS=1", "GOGC=400"}

// simulation looks for plants in the library at trial.root.
type simulation struct {
	trial
	usual budget
	seed  uint64 // the first; the next ones follow
	clean string // the program without a plant

	mu     sync.Mutex
	passes map[string]func() error // of the clean program
}

// finding is what the simulation found of a plant.
type finding struct {
	seed      uint64
	simulated time.Duration // until the violation, with the seeds before it
	real      time.Duration // that took
	test      string        // that found it
	violation string        // empty if the budget was used up
	late      bool          // real time was up during the run with this seed
}

// spent returns what was used of a budget.
func (f finding) spent() budget { return budget{f.simulated, f.real} }

// plants returns the bugs to plant.
func (t trial) plants() ([]mutant, error) {
	return list(os.DirFS(filepath.Join(t.root, plantsDir)))
}

// workload returns the workload that must find m: the tests whose names begin with it, in any case.
func (m mutant) workload() string {
	workload, _, _ := strings.Cut(m.id, "/")
	return workload
}

// allowed returns the budget of m.
func (s *simulation) allowed(m mutant) (budget, error) {
	if m.budget == "" {
		return s.usual, nil
	}
	return parseBudget(m.budget)
}

// find simulates the workload of m with one seed after the other, until a checker reports a violation or the budget
// is used up. A violation counts only if the same seed passes without m. An error is all else that can happen: m does
// not compile, or the workload panics or fails in another way.
func (s *simulation) find(ctx context.Context, m mutant) (f finding, err error) {
	allowed, err := s.allowed(m)
	if err != nil {
		return f, err
	}
	err = inTemp(func(dir string) error {
		overlay, err := s.overlay(dir, m)
		if err != nil {
			return err
		}
		program, err := build(ctx, dir, filepath.Join(s.root, simulationDir), overlay)
		if err != nil {
			return err
		}
		began := time.Now()
		for f.seed = s.seed; f.simulated < allowed.simulated && f.real < allowed.real; f.seed++ {
			o, err := s.simulate(ctx, program, m.workload(), f.seed, piece, allowed.real-f.real)
			f.simulated, f.real = f.simulated+o.simulated, time.Since(began)
			switch {
			case o.violation != "":
				f.test, f.violation = o.test, o.violation
				return s.pass(ctx, o.test, f.seed, o.after)
			case errors.Is(err, context.DeadlineExceeded):
				f.late = true
				return nil
			case err != nil:
				return fmt.Errorf("seed %d: %w", f.seed, err)
			}
		}
		return nil
	})
	return f, err
}

// pass returns an error unless a test passes with a seed and without a plant, for about as long as it took to find one.
// It is tried once.
func (s *simulation) pass(ctx context.Context, test string, seed uint64, after time.Duration) error {
	length := piece
	for _, enough := range []time.Duration{5 * time.Minute, time.Minute} {
		if after > 0 && after < enough {
			length = enough
		}
	}
	s.mu.Lock()
	key := fmt.Sprint(test, " with seed ", seed, ", in ", length)
	pass := s.passes[key]
	if pass == nil {
		pass = sync.OnceValue(func() error {
			o, err := s.simulate(ctx, s.clean, strings.TrimPrefix(test, "Test")+"$", seed, length, passLimit)
			if o.violation != "" {
				err = fmt.Errorf("%s, after %v: %s", o.test, o.simulated, o.violation)
			}
			if err != nil {
				return fmt.Errorf("without a plant, %s fails: %w", key, err)
			}
			return nil
		})
		s.passes[key] = pass
	}
	s.mu.Unlock()
	return pass()
}

// simulate runs a workload with a seed for so long, and ends it at the first violation. It returns
// context.DeadlineExceeded if the run takes longer than the limit.
func (s *simulation) simulate(ctx context.Context, program, workload string, seed uint64, length, limit time.Duration) (output, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	run := exec.CommandContext(ctx, program, "-test.run=(?i)^Test"+workload, "-test.parallel=1", "-test.timeout=0")
	run.Dir = filepath.Join(s.root, simulationDir)
	run.Env = append(slices.Concat(cheap, os.Environ()), fmt.Sprint("SIM_HOURS=", length.Hours()), fmt.Sprint("SIM_SEED=", seed))
	printed, err := run.StdoutPipe()
	if err != nil {
		return output{}, err
	}
	run.Stderr = run.Stdout
	if err := run.Start(); err != nil {
		return output{}, err
	}
	o, err := readOutput(printed)
	if o.violation != "" || err != nil {
		cancel()
	}
	switch failed := run.Wait(); {
	case o.violation != "" || err != nil:
		return o, err
	case ctx.Err() != nil:
		return o, ctx.Err()
	case failed != nil:
		return o, o.failure()
	case !o.ended:
		return o, fmt.Errorf("%s has no test of this workload", simulationDir)
	}
	return o, nil
}
