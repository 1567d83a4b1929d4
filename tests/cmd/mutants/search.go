package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// searchAll looks for the chosen plants in the simulation, and puts what it finds into the record, if there is one.
func searchAll(ctx context.Context, t trial, chosen string, atOnce int, usual string, seed uint64, record string) error {
	allowed, err := parseBudget(usual)
	if err != nil {
		return err
	}
	all, err := t.plants()
	if err != nil {
		return err
	}
	plants, err := choose(slices.Clone(all), chosen)
	if err != nil {
		return err
	}
	if len(plants) == 0 {
		return fmt.Errorf("no plant of %s matches %q", plantsDir, chosen)
	}
	return inTemp(func(dir string) error {
		clean, err := build(ctx, dir, filepath.Join(t.root, simulationDir), "")
		if err != nil {
			return err
		}
		s := &simulation{trial: t, usual: allowed, seed: seed, clean: clean, passes: map[string]func() error{}}
		if err := s.checkPlants(plants); err != nil {
			return err
		}
		return s.search(ctx, plants, atOnce, func(m mutant, f finding, failed error) error {
			if record == "" {
				return nil
			}
			return update(record, all, m.id, row(m, f, failed, time.Now()))
		})
	})
}

// checkPlants returns an error unless all plants fit the code.
func (s *simulation) checkPlants(plants []mutant) error {
	var wrong []error
	for _, m := range plants {
		_, unfit := s.mutated(m)
		_, unclear := s.allowed(m)
		wrong = append(wrong, unfit, unclear)
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("the lists do not fit the code:\n%w", err)
	}
	return nil
}

// search looks for so many plants at once, reports on each, and returns what is wrong with them.
func (s *simulation) search(ctx context.Context, plants []mutant, atOnce int, record func(mutant, finding, error) error) error {
	began := time.Now()
	var mu sync.Mutex
	var tried, found int
	var wrong []error
	report := func(m mutant, f finding, err error) {
		mu.Lock()
		defer mu.Unlock()
		tried++
		word, what := "found", fmt.Sprintf("seed %d, %v: %s", f.seed, f.spent(), f.violation)
		switch {
		case err != nil:
			word = "ERROR"
			what, _, _ = strings.Cut(err.Error(), "\n")
			wrong = append(wrong, fmt.Errorf("%s: %w", m.id, err))
		case f.violation == "" && m.survives == "":
			word, what = "NOT FOUND", f.spent().String()
			if f.late {
				what += ": the time was up during seed " + fmt.Sprint(f.seed)
			}
			wrong = append(wrong, fmt.Errorf("%s is not found, and no reason is stated: %s", m.id, m.breaks))
		case f.violation == "":
			word, what = "not found", m.survives
		case m.survives != "":
			wrong = append(wrong, fmt.Errorf("%s is found, but is said to survive", m.id))
			fallthrough
		default:
			found++
		}
		wrong = append(wrong, record(m, f, err))
		fmt.Printf("%3d/%d %-9s %-34s %s\n", tried, len(plants), word, m.id, what)
	}
	each(ctx, plants, atOnce, func(m mutant) {
		if f, err := s.find(ctx, m); ctx.Err() == nil {
			report(m, f, err)
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Printf("%d of %d plants are found, in %v\n", found, len(plants), time.Since(began).Round(time.Second))
	return errors.Join(wrong...)
}
